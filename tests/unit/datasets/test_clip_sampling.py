# Copyright (c) clipbert_mm contributors.
"""Tests of the formulas of clip sampling, against the reference's draws."""

import numpy as np

from clipbert_mm.datasets.clip_sampling import clip_starts, sample_clips
from tests.toolbox.reference_data import load_json


def test_random_clips_are_the_references_in_time_order() -> None:
    reference = load_json()['frame_sampling'][
        'random_seed_42_v25_10s_num_frm2_fps2_8_clips'
    ]

    class Recorded:
        def uniform(self, low: float, high: float, size: int) -> np.ndarray:
            assert (low, high, size) == (0, 225.0, 8)
            return np.array(reference['uniform_draws'])

    got = sample_clips('random', 8, 2, 2, 250, 25, Recorded())
    assert got.tolist() == sorted(reference['picks'])


def test_random_starts_fill_the_range() -> None:
    starts = np.concatenate(
        [
            clip_starts('random', 8, 100.0, np.random.default_rng(seed))
            for seed in range(500)
        ]
    )
    # ceil(U(0, 100)): 1 ... 100 with equal probability, mean 50.5.
    assert starts.min() == 1
    assert starts.max() == 100
    assert abs(starts.mean() - 50.5) < 3 * 28.9 / 4000**0.5
    counts = np.bincount(starts, minlength=101)[1:]
    assert counts.min() > 10
    assert counts.max() < 80  # 40 expected


def test_clip_of_less_than_a_frame_stays_in_the_video() -> None:
    got = sample_clips('uniform', 3, 2, 30, 6, 10)  # span: 2 / 30 * 10 = 0.67
    assert got.tolist() == [[0, 0], [2, 2], [4, 4]]
