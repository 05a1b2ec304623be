# Copyright (c) clipbert_mm contributors.
"""The benchmark of the nearest vectors, in small."""

import numpy as np
import pytest

pytest.importorskip('lancedb', reason='the extra search is not installed')

from tools.benchmarks.nearest_clips import draw_vectors, main


def test_nearest_clips__prints_its_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(['--clips', '1600', '--kinds', 'IVF_FLAT'])
    rows = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith('|')
    ]
    found = {row[0]: row[2] for row in rows[2:]}
    assert found == {
        'all vectors': '100',
        # One part holds all of them.
        **{f'IVF_FLAT, {parts} parts': '100' for parts in (10, 20, 50)},
        'the last one, 160 rows later': '100',
    }


def test_draw_vectors__clips_of_a_video_are_neighbours() -> None:
    vectors = draw_vectors(320, seed=0)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    assert (cosines.argmax(1) // 16 == np.arange(320) // 16).mean() > 0.99
