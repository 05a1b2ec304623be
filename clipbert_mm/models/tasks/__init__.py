# Copyright (c) clipbert_mm contributors.
"""Tasks: what is made of the video logits, a loss or a prediction."""

from .count_task import CountTask
from .multiple_choice_task import MultipleChoiceTask
from .open_ended_qa_task import OpenEndedQATask
from .pretrain_task import PretrainTask
from .retrieval_task import RetrievalTask
from .task_output import ModelOutput
from .vocabulary_task import VocabularyTask
from .vqa_task import VQATask

__all__ = [
    'CountTask',
    'ModelOutput',
    'MultipleChoiceTask',
    'OpenEndedQATask',
    'PretrainTask',
    'RetrievalTask',
    'VQATask',
    'VocabularyTask',
]
