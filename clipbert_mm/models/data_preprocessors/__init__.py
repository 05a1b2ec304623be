# Copyright (c) clipbert_mm contributors.
"""Data preprocessors: from items to the batch on the device."""

from .video_text_data_preprocessor import VideoTextDataPreprocessor

__all__ = ['VideoTextDataPreprocessor']
