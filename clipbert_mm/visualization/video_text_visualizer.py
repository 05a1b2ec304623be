# Copyright (c) clipbert_mm contributors.
"""Visualizer of videos with texts, in the manner of MMAction2."""

import os
from collections.abc import Sequence

import numpy as np
from mmaction.registry import VISUALIZERS
from mmaction.structures import ActionDataSample
from mmaction.visualization import ActionVisualizer
from mmengine.dist import master_only

from .clip_sheet import FRAME_SIZE, draw_clip_sheet, note
from .contact_sheet import Tile, draw_contact_sheet
from .frames import read_frames
from .prediction_lines import clip_notes, prediction_lines
from .sheet_files import safe_name, save_sheet

_FRAMES = 8  # of a video that is read


@VISUALIZERS.register_module()
class VideoTextVisualizer(ActionVisualizer):
    """Visualizer that draws contact sheets of videos with their texts.

    MMAction2's ``ActionVisualizer`` writes class labels on every frame of a
    video. It knows neither texts nor clips, nor letters beyond Latin.

    Args and backends are those of ``ActionVisualizer``.

    Example:
        >>> visualizer = VideoTextVisualizer(vis_backends=[])
        >>> sample = ActionDataSample()
        >>> sample.set_field(['a dog'], 'texts')
        >>> sample.set_field(np.array([0.7]), 'match_score')
        >>> clips = np.zeros((4, 2, 48, 64, 3), np.uint8)
        >>> visualizer.add_datasample('a.mp4', clips, sample).ndim
        3
    """

    @master_only
    def add_datasample(
        self,
        name: str,
        video: np.ndarray | str | os.PathLike[str],
        data_sample: ActionDataSample | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        draw_score: bool = True,
        frame_size: int = FRAME_SIZE,
        out_path: str | os.PathLike[str] | None = None,
        step: int = 0,
    ) -> np.ndarray:
        """Draw the clips of a video with truth and prediction.

        Args:
            name (str): Name of the video.
            video (np.ndarray | str | os.PathLike[str]): Clips
                ``(C, T, H, W, 3)``, uint8, RGB; or a file, of which some
                frames are drawn.
            data_sample (ActionDataSample | None): Predictions and targets;
                see :func:`prediction_lines` and :func:`clip_notes`. Defaults
                to None, the video alone.
            draw_gt (bool): Whether to show the truth. Defaults to True.
            draw_pred (bool): Whether to show the prediction. Defaults to
                True.
            draw_score (bool): Whether to show the scores. Defaults to True.
            frame_size (int): Side of the square of a frame, in pixels.
                Defaults to 112.
            out_path (str | os.PathLike[str] | None): File to write instead
                of handing the sheet to the backends. Defaults to None.
            step (int): Step for the backends. Defaults to 0.

        Returns:
            np.ndarray: The sheet, ``(H, W, 3)``, uint8, RGB. Other processes
            than the main one get None.

        Raises:
            KeyError: If the sample has no prediction.
            MediaError: If the file is unreadable.
            ValueError: If there are no clips.
        """
        clips: Sequence[np.ndarray]
        if isinstance(video, np.ndarray):
            clips = list(video)
        else:
            clips = [frame[None] for frame in read_frames(video, _FRAMES)]
        lines, notes = [note(name)], []
        if data_sample is not None:
            lines += prediction_lines(
                data_sample, draw_gt, draw_pred, draw_score
            )
            if draw_pred and draw_score:
                notes = clip_notes(data_sample)
        sheet = draw_clip_sheet(lines, clips, notes, frame_size)
        self._hand_out(name, sheet, out_path, step)
        return sheet

    @master_only
    def add_ranking(
        self,
        name: str,
        query: str,
        ranking: Sequence[Tile],
        frame_size: int = FRAME_SIZE,
        out_path: str | os.PathLike[str] | None = None,
        step: int = 0,
    ) -> np.ndarray:
        """Draw the videos that match a text best.

        Args:
            name (str): Name of the sheet.
            query (str): The text.
            ranking (Sequence[Tile]): The videos, best first.
            frame_size (int): Side of the square of a frame, in pixels.
                Defaults to 112.
            out_path (str | os.PathLike[str] | None): File to write instead
                of handing the sheet to the backends. Defaults to None.
            step (int): Step for the backends. Defaults to 0.

        Returns:
            np.ndarray: The sheet, ``(H, W, 3)``, uint8, RGB. Other processes
            than the main one get None.

        Raises:
            ValueError: If there are no videos, or one has no frames.
        """
        sheet = draw_contact_sheet(query, ranking, frame_size=frame_size)
        self._hand_out(name, sheet, out_path, step)
        return sheet

    def _hand_out(
        self,
        name: str,
        sheet: np.ndarray,
        out_path: str | os.PathLike[str] | None,
        step: int,
    ) -> None:
        if out_path is None:
            self.add_image(safe_name(name), sheet, step)
        else:
            save_sheet(out_path, sheet)
