# Copyright (c) clipbert_mm contributors.
"""Conversion of published weights by explicit key tables."""

from .bert import convert_bert
from .checkpoint_file import (
    CheckpointFileError,
    load_bert_directory,
    load_checkpoint_file,
)
from .conversion_report import ConversionError, ConversionReport
from .detectron2_grid import convert_detectron2
from .image_resnet import convert_image_resnet
from .official_clipbert import convert_official

__all__ = [
    'CheckpointFileError', 'ConversionError', 'ConversionReport',
    'convert_bert', 'convert_detectron2', 'convert_image_resnet',
    'convert_official', 'load_bert_directory', 'load_checkpoint_file'
]
