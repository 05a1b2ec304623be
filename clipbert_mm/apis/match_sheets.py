# Copyright (c) clipbert_mm contributors.
"""Sheets of the predictions of an inferencer: clips, texts and scores."""

import os.path as osp
from collections.abc import Iterator, Sequence

import numpy as np
from mmaction.structures import ActionDataSample

from clipbert_mm.visualization.clip_sheet import draw_clip_sheet, note
from clipbert_mm.visualization.frames import frames_of_match
from clipbert_mm.visualization.prediction_lines import (
    clip_notes,
    prediction_lines,
)

from .video_features import VideoFeatures
from .video_inputs import Video, VideoFrames


def draw_match_sheet(
    prediction: ActionDataSample, source: Video
) -> np.ndarray:
    """Draw the clips of a video with the scores of its texts.

    Args:
        prediction (ActionDataSample): Result of
            :meth:`BaseVideoInferencer.forward` for one video.
        source (Video): The video: a file, frames, or features of a file.

    Returns:
        np.ndarray: Shape ``(H, W, 3)``, uint8, RGB: the middle frame of each
        clip, with the score that it alone gives the best text.

    Raises:
        FileNotFoundError: If there are features, and no file of their name.
        MediaError: If the file is unreadable.
    """
    sample = prediction.clone()
    clips = []
    for scores in sample.clip_scores.T:
        clip = ActionDataSample()
        clip.set_field(scores, 'match_score')
        clips.append(clip)
    sample.set_field(clips, 'clip_samples')
    times = [
        [note(f'{start:.1f} to {end:.1f} s')]
        for start, end in sample.clip_times
    ]
    frames = _middle_frames(sample, source)
    return draw_clip_sheet(
        [note(sample.video), *prediction_lines(sample)],
        [frame[None] for frame in frames],
        [[*pair[0], *pair[1]] for pair in zip(clip_notes(sample), times)],
    )


def sources_of(
    inputs: Sequence[Video], predictions: Sequence[ActionDataSample]
) -> Iterator[Video]:
    """Yield the input of each prediction; inputs may have been skipped.

    Args:
        inputs (Sequence[Video]): All inputs of a call.
        predictions (Sequence[ActionDataSample]): Predictions for those that
            could be read, in their order.

    Yields:
        Video: Input of a prediction.
    """
    remaining = iter(inputs)
    for prediction in predictions:
        yield next(v for v in remaining if _name(v) == prediction.video)


def _name(video: Video) -> str:
    return video if isinstance(video, str) else video.video


def _middle_frames(
    sample: ActionDataSample, source: Video
) -> list[np.ndarray]:
    """Return one frame of each clip."""
    if isinstance(source, VideoFeatures) and not osp.exists(source.video):
        raise FileNotFoundError(
            f'There is no file {source.video!r} to draw frames of. Pass the '
            'video itself instead of its features.'
        )
    match = dict(
        video=sample.video,
        clips=[(*times, 0.0) for times in sample.clip_times],
        document=source if isinstance(source, VideoFrames) else None,
    )
    number = len(sample.clip_times)
    frames = frames_of_match(match, number)
    # A still image is one frame of several clips.
    return frames if len(frames) == number else frames[:1] * number
