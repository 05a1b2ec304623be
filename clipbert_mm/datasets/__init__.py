# Copyright (c) clipbert_mm contributors.
"""Datasets of videos or images with texts, and their transforms."""

from .concat_text_dataset import ConcatTextDataset
from .image_text_pretrain import ImageTextPretrain
from .image_text_retrieval import ImageTextRetrieval
from .transforms import (
    BertTokenize,
    FormatClips,
    LoadImageClip,
    LoadVideo,
    MaskTokens,
    PadFrames,
    ResizeLongSide,
    ResizeSquare,
    SparseClipSampler,
    TransformersTokenize,
)
from .video_question_answering import VideoQuestionAnswering
from .video_text_retrieval import VideoTextRetrieval

__all__ = [
    'BertTokenize',
    'ConcatTextDataset',
    'FormatClips',
    'ImageTextPretrain',
    'ImageTextRetrieval',
    'LoadImageClip',
    'LoadVideo',
    'MaskTokens',
    'PadFrames',
    'ResizeLongSide',
    'ResizeSquare',
    'SparseClipSampler',
    'TransformersTokenize',
    'VideoQuestionAnswering',
    'VideoTextRetrieval',
]
