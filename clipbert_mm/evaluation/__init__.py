# Copyright (c) clipbert_mm contributors.
"""Metrics of retrieval, question answering and pretraining."""

from .count_metric import CountMetric
from .pretrain_metric import PretrainMetric
from .video_qa_metric import VideoQAMetric
from .video_text_retrieval_metric import VideoTextRetrievalMetric
from .vqa_metric import VQAMetric

__all__ = [
    'CountMetric',
    'PretrainMetric',
    'VQAMetric',
    'VideoQAMetric',
    'VideoTextRetrievalMetric',
]
