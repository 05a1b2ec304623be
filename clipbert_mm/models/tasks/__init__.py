# Copyright (c) clipbert_mm contributors.
"""Tasks: from video logits to losses and predictions."""

from .base_task import BaseTask
from .count_task import CountTask
from .multiple_choice_task import MultipleChoiceTask
from .open_ended_qa_task import OpenEndedQATask
from .pretrain_task import PretrainTask
from .retrieval_task import RetrievalTask
from .task_output import ModelOutput
from .vocabulary_task import VocabularyTask
from .vqa_task import VQATask

__all__ = [
    'BaseTask',
    'CountTask',
    'ModelOutput',
    'MultipleChoiceTask',
    'OpenEndedQATask',
    'PretrainTask',
    'RetrievalTask',
    'VQATask',
    'VocabularyTask',
]
