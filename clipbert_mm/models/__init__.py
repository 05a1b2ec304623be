# Copyright (c) clipbert_mm contributors.
"""Models: ClipBERT and its parts."""

from .backbones import (
    BridgeTowerVision,
    ResNet50Grid,
    TransformersVision,
    ViltPatches,
)
from .clipbert import ClipBERT
from .consensus_aggregator import ConsensusAggregator
from .data_preprocessors import VideoTextDataPreprocessor
from .heads import (
    BertCrossModalHead,
    Blip2ContrastiveHead,
    Blip2MatchingHead,
    BlipMatchingHead,
    BridgeTowerHead,
    DualEncoderHead,
    ViltHead,
)
from .necks import GridEncoder, TokenFusion
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
    'Blip2ContrastiveHead',
    'Blip2MatchingHead',
    'BlipMatchingHead',
    'BridgeTowerHead',
    'BridgeTowerVision',
    'ClipBERT',
    'ConsensusAggregator',
    'CountTask',
    'DualEncoderHead',
    'GridEncoder',
    'MultipleChoiceTask',
    'OpenEndedQATask',
    'PretrainTask',
    'ResNet50Grid',
    'RetrievalTask',
    'TokenFusion',
    'TransformersVision',
    'VQATask',
    'VideoTextDataPreprocessor',
    'ViltHead',
    'ViltPatches',
]
