# Copyright (c) clipbert_mm contributors.
"""Models: ClipBERT and its parts."""
from .backbones import ResNet50Grid
from .clipbert import ClipBERT
from .consensus_aggregator import ConsensusAggregator
from .data_preprocessors import VideoTextDataPreprocessor
from .heads import BertCrossModalHead
from .necks import GridEncoder
from .tasks import PretrainTask, RetrievalTask

__all__ = [
    'BertCrossModalHead', 'ClipBERT', 'ConsensusAggregator', 'GridEncoder',
    'PretrainTask', 'ResNet50Grid', 'RetrievalTask',
    'VideoTextDataPreprocessor'
]
