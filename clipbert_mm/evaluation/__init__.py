# Copyright (c) clipbert_mm contributors.
"""Metrics."""
from .pretrain_metric import PretrainMetric
from .video_text_retrieval_metric import VideoTextRetrievalMetric

__all__ = ['PretrainMetric', 'VideoTextRetrievalMetric']
