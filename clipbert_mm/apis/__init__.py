# Copyright (c) clipbert_mm contributors.
"""Trained models as objects for other programs: search and answering."""

from clipbert_mm.utils.collecting import no_collection

with no_collection():
    from clipbert_mm.weights.calibration import Calibration

    from .background import Background
    from .clipbert_inferencer import ClipBERTInferencer
    from .demo_files import demo_rows, demo_videos
    from .explanation import Explanation
    from .matches import Ranking
    from .video_features import SkippedVideo, VideoFeatures
    from .video_inputs import VideoFrames

__all__ = [
    'Background',
    'Calibration',
    'ClipBERTInferencer',
    'Explanation',
    'Ranking',
    'SkippedVideo',
    'VideoFeatures',
    'VideoFrames',
    'demo_rows',
    'demo_videos',
]
