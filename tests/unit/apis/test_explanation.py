# Copyright (c) clipbert_mm contributors.
"""Peaks, JSON and drawings of an explanation."""

import json

import numpy as np
import pytest

from clipbert_mm.apis.explanation import (
    ExplainedClip,
    ExplainedWord,
    Explanation,
)


@pytest.fixture
def explanation() -> Explanation:
    frames = np.full((2, 24, 32, 3), 200, np.uint8)
    cells = np.zeros((4, 4), np.float32)
    cells[1, 2] = 1.0
    cells[3, 0] = 9.0  # below the frame
    clips = tuple(
        ExplainedClip(start, start + 1, score, frames, cells, (8.0, 8.0))
        for start, score in ((0.0, 0.2), (3.0, 0.7))
    )
    words = (
        ExplainedWord('red', 0, 3, 0.1, 2.0, (-cells, cells.T)),
        ExplainedWord('ring', 4, 8, 0.6, -1.0, (cells, cells)),
    )
    return Explanation(
        'a.mp4', 'red ring', None, 'occlusion', 0.6, clips, words
    )


def test_peak__lies_within_the_frame(explanation: Explanation) -> None:
    clip = explanation.clips[0]
    assert clip.peak() == (20 / 32, 12 / 24)
    assert clip.peak(explanation.words[0].cells[1]) == (28 / 32, 4 / 24)


def test_to_dict__survives_json(explanation: Explanation) -> None:
    found = json.loads(json.dumps(explanation.to_dict()))
    assert found['best_clip'] == 1
    assert found['clips'][1]['start'] == 3.0
    assert found['words'][0]['cells'][0][1][2] == -1.0


def test_draw__is_bright_where_it_matters(explanation: Explanation) -> None:
    cells = explanation.clips[1].cells
    cells[3, 0] = 0.0
    drawn = explanation.draw(size=64)
    assert drawn.shape[1] == 2 * 64
    assert drawn.dtype == np.uint8
    frame = drawn[:48, :64, 0]
    row, column = np.unravel_index(frame.argmax(), frame.shape)
    assert 16 <= row < 32
    assert 32 <= column < 48
    assert frame[0, 0] == 60
    assert (drawn[48:] == 255).any()


def test_draw__a_word_of_a_clip(explanation: Explanation) -> None:
    whole, word = explanation.draw(0), explanation.draw(0, 0)
    assert whole.shape == word.shape
    assert (whole != word).any()
    with pytest.raises(IndexError):
        explanation.draw(2)
