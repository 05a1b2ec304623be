# Copyright (c) clipbert_mm contributors.
"""Trained models as objects for other programs: search and answering."""

from .video_answerer import VideoAnswerer
from .video_search import VideoSearcher

__all__ = ['VideoAnswerer', 'VideoSearcher']
