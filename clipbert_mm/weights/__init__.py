# Copyright (c) clipbert_mm contributors.
"""Convert published weights by explicit key tables; export trained models."""

from clipbert_mm.utils.checkpoint_file import (
    CheckpointFileError,
    load_checkpoint_file,
    save_checkpoint_file,
)

from .bert import convert_bert, revert_bert
from .conversion_report import ConversionError, ConversionReport
from .detectron2_grid import convert_detectron2
from .exported_model import export_model, load_exported
from .image_mobilenetv2 import convert_image_mobilenetv2
from .image_resnet import convert_image_resnet
from .model_directory import (
    bert_options,
    load_model_directory,
    save_bert_directory,
)
from .official_clipbert import convert_official, revert_official
from .safe_settings import UnsafeSettingsError
from .tvp import convert_tvp, revert_tvp

__all__ = [
    'CheckpointFileError',
    'ConversionError',
    'ConversionReport',
    'UnsafeSettingsError',
    'bert_options',
    'convert_bert',
    'convert_detectron2',
    'convert_image_mobilenetv2',
    'convert_image_resnet',
    'convert_official',
    'convert_tvp',
    'export_model',
    'load_checkpoint_file',
    'load_exported',
    'load_model_directory',
    'revert_bert',
    'revert_official',
    'revert_tvp',
    'save_bert_directory',
    'save_checkpoint_file',
]
