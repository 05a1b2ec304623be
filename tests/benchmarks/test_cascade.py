# Copyright (c) clipbert_mm contributors.
"""The measurements of the cascade, in small, and what they rest on."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.models.consensus_aggregator import ConsensusAggregator
from clipbert_mm.quickstart.corpus.annotations import read_lines
from clipbert_mm.quickstart.corpus.scene_captions import read_caption
from clipbert_mm.quickstart.corpus.scene_corpus import CorpusSettings, generate
from tools.benchmarks.cascade import __main__ as cascade
from tools.benchmarks.cascade import gallery as cascade_gallery
from tools.benchmarks.cascade import rows as cascade_rows
from tools.benchmarks.cascade import simulation as cascade_simulation


def lse_score(logits: torch.Tensor) -> torch.Tensor:
    return ConsensusAggregator('lse')(logits).softmax(-1)[..., 1]


def test_score_gallery__counts_passes_and_ranks() -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(6, 6, 4, 2, generator=generator)
    full = cascade_rows.score_gallery(logits, lse_score, None, 0)
    assert full.passes == 6 * 6 * 4
    fused = np.exp(logits.numpy()).sum(2)
    match = (fused[..., 1] / fused.sum(-1)).T  # texts by videos
    expected = [1 + sum(match[t] > match[t, t]) for t in range(6)]
    assert full.ranks.texts.tolist() == expected
    # One video of each text finished, and one text of each video.
    few = cascade_rows.score_gallery(logits, lse_score, 2, 1)
    begun = np.exp(logits[:, :, [1, 3]].numpy()).sum(2)
    begun = begun[..., 1] / begun.sum(-1)
    pairs = {(int(begun[:, t].argmax()), t) for t in range(6)}
    pairs |= {(v, int(begun[v].argmax())) for v in range(6)}
    assert few.passes == 6 * 6 * 2 + 2 * len(pairs)
    # With all pairs kept, the cascade is the exact run.
    every = cascade_rows.score_gallery(logits, lse_score, 2, 6)
    assert every.ranks.texts.tolist() == expected
    assert every.passes == full.passes


def test_simulation__has_the_recall_of_the_paper(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logits, _ = cascade_simulation.draw_logits(
        400, 4, 1.0, 3, ConsensusAggregator('lse'), seed=0
    )
    texts = cascade_rows.score_gallery(logits, lse_score, None, 0).ranks.texts
    assert 100 * np.mean(texts <= 1) == pytest.approx(22.0, abs=0.5)
    cascade.main(['simulation', '--quick', '--threads', '1'])
    shown = capsys.readouterr().out
    assert '1 x 40 texts x 40 videos x 16 clips, lse, s 0.5' in shown
    assert len(re.findall(r'^\| [124] ', shown, re.M)) == 12
    assert 'R@1 of 40 queries' in shown


def test_gallery__has_new_videos_of_unseen_contents(tmp_path: Path) -> None:
    corpus = tmp_path / 'corpus'
    generate(corpus, CorpusSettings(seed=5, images=8, videos=8, gallery=6), 1)
    seen = {
        read_caption(row['caption'])
        for row in read_lines(corpus / 'annotations' / 'videos_train.jsonl')
    }
    own = [
        read_caption(row['caption'])
        for row in read_lines(corpus / 'annotations' / 'gallery_test.jsonl')
    ]
    files = []
    for number in (0, 1):
        root = tmp_path / f'gallery{number}'
        cascade_gallery.write_gallery(root, corpus, number, None)
        rows = read_lines(root / 'annotations' / 'gallery_test.jsonl')
        assert [read_caption(row['caption']) for row in rows] == own
        assert not seen & set(own)
        files += [
            (root / 'videos' / f'{row["clip_name"]}.mp4').read_bytes()
            for row in rows
        ]
    files += [path.read_bytes() for path in (corpus / 'videos').glob('g*.mp4')]
    assert len(set(files)) == 3 * 6


def test_gallery__needs_a_finished_quickstart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cascade.main(['gallery', str(tmp_path)])
    assert 'is not a finished quickstart' in capsys.readouterr().err
