# Copyright (c) clipbert_mm contributors.
"""Tasks: what is made of the video logits, a loss or a prediction."""
from .pretrain_task import PretrainTask
from .retrieval_task import RetrievalTask
from .task_output import ModelOutput

__all__ = ['ModelOutput', 'PretrainTask', 'RetrievalTask']
