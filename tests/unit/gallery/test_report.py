# Copyright (c) clipbert_mm contributors.
"""Tests of the lines that a run logs about its cost."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.dataset import Compose
from torch import Tensor, nn

from clipbert_mm.datasets.transforms import SparseClipSampler
from clipbert_mm.gallery.cost import scoring_cost
from clipbert_mm.gallery.passes import GalleryScores, ScorePass
from clipbert_mm.gallery.plan import ClipSplit
from clipbert_mm.gallery.report import describe_cost, describe_passes
from clipbert_mm.gallery.store import ScoreStore
from clipbert_mm.models.text_bank import TextBank
from tests.toolbox.tiny_models import tiny_clipbert

CLIPS = ClipSplit([1], [0, 2])
BANK = TextBank(
    torch.ones(3, 4, dtype=torch.long),
    torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]]),
)


class Videos:
    """Dataset of blank videos; the first ones are unreadable."""

    def __init__(self, number: int, unreadable: int) -> None:
        self.number, self.unreadable = number, unreadable
        sampler = SparseClipSampler(clip_len=2, num_clips=3, target_fps=1)
        self.pipeline = Compose([sampler])

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = ActionDataSample()
        if index < self.unreadable:
            sample.set_field('gone', 'load_error')
        frames = torch.empty(1, 3, 2, 32, 32, device='meta')
        return dict(inputs=dict(imgs=frames), data_samples=sample)


def test_describe_cost__of_all_pairs_by_the_first_readable_video() -> None:
    model = tiny_clipbert()
    line = describe_cost(model, Videos(5, 2), BANK, CLIPS)
    cost = scoring_cost(model, torch.tensor([4, 2, 3]), 5, 3, (2, 32, 32))
    assert line == (
        'All pairs: 5 videos x 3 texts x 3 clips: 45 passes through BERT, '
        f'{cost.flops:.3g} floating-point operations.'
    )


def test_describe_cost__nothing_to_measure() -> None:
    assert describe_cost(tiny_clipbert(), Videos(2, 2), BANK, CLIPS) is None
    assert describe_cost(nn.Linear(1, 1), Videos(2, 0), BANK, CLIPS) is None


def finished(folder: Path, *parts: tuple[list[int], Any]) -> GalleryScores:
    passes = [
        ScorePass(ScoreStore(folder, {}), clips, texts, {})
        for clips, texts in parts
    ]
    rest = passes[1] if len(passes) > 1 else None

    def score(clip_logits: Tensor) -> Tensor:
        return clip_logits[:, 0, 0]

    return GalleryScores(passes[0], rest, CLIPS, 100, 50, score)


def test_describe_passes__exact(tmp_path: Path) -> None:
    scores = finished(tmp_path, ([0, 1, 2], None))
    assert describe_passes(scores, exact=True) == (
        'Exact: 15,000 of 15,000 passes of a text and a clip, 1.0 times fewer.'
    )


@pytest.mark.parametrize('chosen, times', [(10, '2.1'), (0, '3.0')])
def test_describe_passes__of_a_cascade(
    tmp_path: Path, chosen: int, times: str
) -> None:
    texts = [torch.arange(chosen)] * 100
    scores = finished(tmp_path, ([1], None), ([0, 2], texts))
    assert describe_passes(scores, exact=False) == (
        f'Approximate (cascade): {5000 + 2 * 100 * chosen:,} of 15,000 passes '
        f'of a text and a clip, {times} times fewer.'
    )


def test_describe_passes__without_candidates(tmp_path: Path) -> None:
    none = [torch.arange(0)] * 100
    line = describe_passes(finished(tmp_path, ([1], none)), exact=False)
    assert '0 of 15,000 passes' in line
