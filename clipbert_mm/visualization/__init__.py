# Copyright (c) clipbert_mm contributors.
"""Images of search results and of tests."""

from .contact_sheet import Tile, draw_contact_sheet, save_contact_sheet
from .timeline import draw_timeline
from .video_text_visualizer import VideoTextVisualizer

__all__ = [
    'Tile',
    'VideoTextVisualizer',
    'draw_contact_sheet',
    'draw_timeline',
    'save_contact_sheet',
]
