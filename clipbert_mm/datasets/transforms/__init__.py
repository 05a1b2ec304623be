# Copyright (c) clipbert_mm contributors.
"""Transforms that MMAction2 lacks."""

from .bert_tokenize import BertTokenize
from .format_clips import FormatClips
from .load_image_clip import LoadImageClip
from .load_video import LoadVideo
from .mask_tokens import MaskTokens
from .pad_frames import PadFrames
from .resize_long_side import ResizeLongSide
from .resize_square import ResizeSquare
from .sparse_clip_sampler import SparseClipSampler
from .transformers_tokenize import TransformersTokenize

__all__ = [
    'BertTokenize',
    'FormatClips',
    'LoadImageClip',
    'LoadVideo',
    'MaskTokens',
    'PadFrames',
    'ResizeLongSide',
    'ResizeSquare',
    'SparseClipSampler',
    'TransformersTokenize',
]
