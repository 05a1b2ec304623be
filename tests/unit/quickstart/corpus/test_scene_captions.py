# Copyright (c) clipbert_mm contributors.
"""Tests of captions: they name all attributes, which are read back."""

import numpy as np
import pytest

from clipbert_mm.quickstart.corpus import scene_captions, scenes

RED_SQUARE = scenes.Combination('red', 'square', 'black', 'large', 'left')


@pytest.mark.slow
@pytest.mark.parametrize('kind', ['image', 'video'])
def test_captions__tell_all_attributes_in_different_wordings(kind) -> None:
    rng = np.random.default_rng(0)
    for combination in scenes.all_combinations():
        described = scene_captions.captions(combination, kind, 3, rng)
        assert len(set(described)) == 3
        assert {
            scene_captions.read_caption(caption) for caption in described
        } == {combination}


def test_captions__more_than_templates() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r'in \[1, 4\], .* but got 7'):
        scene_captions.captions(RED_SQUARE, 'image', 7, rng)


@pytest.mark.parametrize(
    'caption',
    [
        'a red square on black at the left',
        'a large red square on black at the left of the right',
    ],
)
def test_read_caption__attribute_missing_or_told_twice(caption) -> None:
    with pytest.raises(ValueError, match='must name one (size|place)'):
        scene_captions.read_caption(caption)


def test_read_caption__synonyms_and_case() -> None:
    found = scene_captions.read_caption(
        'One BIG violet box appears on the center of the grey scene.'
    )
    assert found == scenes.Combination(
        'purple', 'square', 'gray', 'large', 'middle'
    )


def test_words__belong_to_one_value_of_one_attribute() -> None:
    words = [
        word
        for values in scenes.ATTRIBUTES.values()
        for value in values
        for word in scene_captions.SYNONYMS.get(value, (value,))
    ]
    assert len(set(words)) == len(words)
    fixed = ' '.join(scene_captions.TEMPLATES).split()
    assert set(words).isdisjoint(fixed)
