# Copyright (c) clipbert_mm contributors.
"""Tests of guessing masked words without the image."""

from clipbert_mm.quickstart.tasks import masked_words


def test_text_baselines__by_hand() -> None:
    captions = ['a red ring', 'a red box', 'a blue ring', 'a red ring', 'a']
    masked = [
        masked_words.MaskedWord(
            '[CLS]', 'a', 'red'
        ),  # most frequent, and alone
        masked_words.MaskedWord('a', 'blue', 'ring'),  # red is more frequent
        masked_words.MaskedWord(
            'red', 'box', '[SEP]'
        ),  # ring is more frequent
        masked_words.MaskedWord('a', 'red', 'box'),
    ]
    found = masked_words.text_baselines(captions, masked)
    assert found == {
        'most frequent word': 25.0,
        'most frequent between its neighbours': 50.0,
    }
