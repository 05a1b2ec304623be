# Copyright (c) clipbert_mm contributors.
"""Scores of finished passes, read back from their stores."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from clipbert_mm.gallery.passes import GalleryScores, ScorePass
from clipbert_mm.gallery.plan import ClipSplit
from clipbert_mm.gallery.store import ScoreStore, VideoLogits

LOGITS = torch.randn(
    3, 4, 3, 1, generator=torch.Generator().manual_seed(0)
)  # (N, M, C, K)


def mean_score(clip_logits: Tensor) -> Tensor:
    """A model that scores the mean over clips."""
    return clip_logits[..., 0].mean(-1).sigmoid()


def stored(
    folder: Path,
    clip_inds: list[int],
    text_inds: list[Tensor] | None,
    unreadable: dict[int, str],
) -> ScorePass:
    """Keep the logits of all readable videos."""
    store = ScoreStore(folder, {})
    store.open()
    for video_ind, logits in enumerate(LOGITS):
        own = torch.arange(4) if text_inds is None else text_inds[video_ind]
        if video_ind not in unreadable and len(own):
            kept = logits[own][:, clip_inds]
            store.write(video_ind, VideoLogits(own, kept))
    return ScorePass(store, clip_inds, text_inds, unreadable)


def test_gallery_scores__one_pass(tmp_path: Path) -> None:
    every = stored(tmp_path, [0, 1, 2], None, {1: 'broken'})
    scores = GalleryScores(
        every, None, ClipSplit([0, 1, 2], []), 3, 4, mean_score
    )
    expected = mean_score(LOGITS)
    expected[1] = -torch.inf
    torch.testing.assert_close(scores.matrix(), expected)
    assert scores.unreadable == {1: 'broken'}
    assert scores.num_passes() == 3 * 4 * 3


def test_gallery_scores__two_passes(tmp_path: Path) -> None:
    empty = torch.tensor([], dtype=torch.long)
    texts = [torch.tensor([1, 3]), empty, torch.tensor([0])]
    first = stored(tmp_path / 'first', [1], None, {})
    rest = stored(tmp_path / 'rest', [0, 2], texts, {2: 'gone'})
    scores = GalleryScores(
        first, rest, ClipSplit([1], [0, 2]), 3, 4, mean_score
    )
    begun, finished = mean_score(LOGITS[:, :, [1]]), mean_score(LOGITS)
    assert scores.unreadable == {2: 'gone'}
    assert torch.isneginf(scores.of_video(2)).all()
    for video_ind in (0, 1):
        for text_ind, score in enumerate(scores.of_video(video_ind).tolist()):
            if text_ind in texts[video_ind].tolist():
                expected = finished[video_ind, text_ind]
            else:
                expected = -1 / begun[video_ind, text_ind]
            assert score == pytest.approx(expected.item(), rel=1e-5)
    assert scores.num_passes() == 3 * 4 * 1 + 3 * 2
