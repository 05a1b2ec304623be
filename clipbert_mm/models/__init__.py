# Copyright (c) clipbert_mm contributors.
"""Models: ClipBERT and its parts."""

from .backbones import ResNet50Grid
from .clipbert import ClipBERT
from .consensus_aggregator import ConsensusAggregator
from .data_preprocessors import VideoTextDataPreprocessor
from .heads import BertCrossModalHead
from .necks import GridEncoder
from .tasks import (
    CountTask,
    MultipleChoiceTask,
    OpenEndedQATask,
    PretrainTask,
    RetrievalTask,
    VQATask,
)

__all__ = [
    'BertCrossModalHead',
    'ClipBERT',
    'ConsensusAggregator',
    'CountTask',
    'GridEncoder',
    'MultipleChoiceTask',
    'OpenEndedQATask',
    'PretrainTask',
    'ResNet50Grid',
    'RetrievalTask',
    'VQATask',
    'VideoTextDataPreprocessor',
]
