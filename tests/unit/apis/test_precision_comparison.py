# Copyright (c) clipbert_mm contributors.
"""Tests of the comparison of precisions, by the export that prints it."""

from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.apis.precision_comparison import (
    PrecisionComparison,
    compare_precisions,
    top_ten_tau,
)
from clipbert_mm.cli.convert_weights import main
from tests.unit.apis.conftest import Trained


@pytest.mark.slow
def test_export__prints_and_stores_the_comparison(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained.cfg.dump(tmp_path / 'tiny.json')
    videos = Path(trained.videos[0]).parent
    folder = tmp_path / 'exported'
    options = ['--onnx', '--int8', '--videos', str(videos)]
    data = ['--data', str(videos.parent / 'test.jsonl')]
    source = [str(tmp_path / 'tiny.json'), trained.checkpoint]
    assert main(['export', *source, str(folder), *options, *data]) == 0
    printed = capsys.readouterr().out
    assert 'head.onnx, ' in printed
    assert 'head.int8.onnx, ' in printed
    assert 'grid.onnx, 0.0 MB\n' in printed
    assert 'grid.int8.onnx, 0.0 MB\n' in printed
    features = ClipBERTInferencer(folder, device='cpu').features(
        trained.videos
    )
    rounded = ClipBERTInferencer(folder, precision='int8').features(
        trained.videos
    )
    differences = [
        (a.tokens - b.tokens).abs().max().item()
        for a, b in zip(rounded, features)
    ]
    assert 1e-4 < max(differences) < 1  # the CNN is quantised
    card = (folder / 'README.md').read_text()
    sentence = card.splitlines()[-1]
    assert sentence.startswith('int8 against float32, ')
    assert sentence in printed


def test_top_ten_tau__counts_pairs_of_the_best_ten() -> None:
    rng = np.random.default_rng(0)
    expected, found = rng.random((4, 15)), rng.random((4, 15))
    taus = []
    for a, b in zip(expected, found):
        best = sorted(range(15), key=lambda i: -a[i])[:10]
        signs = [
            np.sign(b[i] - b[j])
            for n, i in enumerate(best)
            for j in best[n + 1 :]
        ]
        taus.append(sum(signs) / len(signs))
    assert top_ten_tau(expected, found) == pytest.approx(np.mean(taus))


@pytest.mark.parametrize(
    'recall, tau, close',
    [(78.0, 0.95, True), (77.9, 1.0, False), (79.0, 0.94, False)],
)
def test_is_close(recall: float, tau: float, close: bool) -> None:
    found = PrecisionComparison(100, 100, 79.0, recall, tau, 0.01)
    assert found.is_close is close
    assert ('OUTSIDE' in found.describe()) is not close


def test_compare_precisions__one_video(inferencer, trained: Trained) -> None:
    with pytest.raises(ValueError, match='two videos or more, but got 1.'):
        compare_precisions(
            inferencer, inferencer, trained.videos[:1], ['a'], np.array([0])
        )


@pytest.mark.parametrize(
    'options',
    [
        ['--data', 'a.jsonl'],
        ['--int8', '--data', 'a.jsonl'],
        ['--int8', '--without-task'],
    ],
)
def test_export__options_that_do_not_fit(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(['export', 'a.py', 'a.pth', 'out', *options])
    assert '--int8' in capsys.readouterr().err
