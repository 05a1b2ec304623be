# Copyright (c) clipbert_mm contributors.
"""Finished passes over the videos, and the scores that follow from them."""

from typing import NamedTuple

import torch
from torch import Tensor

from .merge import Score, merge_passes
from .plan import ClipSplit, count_pairs
from .store import ScoreStore, VideoLogits


class ScorePass(NamedTuple):
    """Finished pass: logits of some clips of all videos."""

    store: ScoreStore
    clip_inds: list[int]
    text_inds: list[Tensor] | None  # of each video; None for all texts
    unreadable: dict[int, str]  # reason by video_ind, from all processes

    def read(self, video_ind: int) -> VideoLogits:
        """Return the logits of a video, empty where no text was scored.

        Args:
            video_ind (int): Index of the video.

        Returns:
            VideoLogits: Logits of the clips of this pass.
        """
        if self.text_inds is not None and not len(self.text_inds[video_ind]):
            return VideoLogits(self.text_inds[video_ind], torch.empty(0, 0, 0))
        return self.store.read(video_ind)


class GalleryScores(NamedTuple):
    """Scores of all videos with all texts, read from disk when asked for."""

    first: ScorePass
    rest: ScorePass | None
    clips: ClipSplit
    num_videos: int
    num_texts: int
    score: Score

    @property
    def unreadable(self) -> dict[int, str]:
        """Reason by ``video_ind`` of the videos that could not be read."""
        if self.rest is None:
            return self.first.unreadable
        return {**self.first.unreadable, **self.rest.unreadable}

    def of_video(self, video_ind: int) -> Tensor:
        """Return the scores of a video; see :func:`merge_passes`.

        Args:
            video_ind (int): Index of the video.

        Returns:
            Tensor: float32 ``(M, )``, minus infinity if the video could not
            be read.
        """
        if video_ind in self.unreadable:
            return torch.full((self.num_texts,), -torch.inf)
        return merge_passes(
            self.first.read(video_ind),
            None if self.rest is None else self.rest.read(video_ind),
            self.clips,
            self.num_texts,
            self.score,
        )

    def matrix(self) -> Tensor:
        """Return the scores of all videos.

        Returns:
            Tensor: float32 ``(N, M)``.
        """
        return torch.stack([self.of_video(i) for i in range(self.num_videos)])

    def num_passes(self) -> int:
        """Return how many (text, clip) pairs went through the model."""
        return sum(
            count_pairs(part.text_inds, self.num_videos, self.num_texts)
            * len(part.clip_inds)
            for part in (self.first, self.rest)
            if part is not None
        )
