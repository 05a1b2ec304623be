# Copyright (c) clipbert_mm contributors.
"""Tests of the option groups of the datasets."""

import dataclasses

import pytest
from mmengine.config import ConfigDict

from clipbert_mm.datasets.option_groups import (
    AnswerOptions,
    BadMediaOptions,
    NegativeOptions,
    read_group,
)


@pytest.mark.parametrize('given', [None, {}, ConfigDict()])
def test_read_group__defaults(given: dict | None) -> None:
    assert read_group(NegativeOptions, 'negatives', given) == (
        NegativeOptions(number=1, hard=0, source='word_overlap')
    )
    assert read_group(BadMediaOptions, 'bad_media', given) == (
        BadMediaOptions(max_fraction=0.1, max_refetch=1000)
    )


def test_read_group__takes_the_dict_of_a_config() -> None:
    given = ConfigDict(format='open', vocabulary=['yes', 'no'])
    group = read_group(AnswerOptions, 'answers', given)
    assert dataclasses.asdict(group) == dict(
        format='open',
        vocabulary=['yes', 'no'],
        num_options=5,
        unknown='raise',
    )


@pytest.mark.parametrize(
    'given, message',
    [
        (
            dict(format='count', unknwon='drop'),
            r"answers must have options among \['format', 'vocabulary', "
            r"'num_options', 'unknown'\], but got \['unknwon'\]\.",
        ),
        ({}, r"answers must have \['format'\], but got {}\."),
        ('open', r"answers must be a dict, but got 'open'\."),
    ],
)
def test_read_group__refuses_misspelt_options(
    given: dict, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        read_group(AnswerOptions, 'answers', given)


@pytest.mark.parametrize(
    'group, given, message',
    [
        (
            BadMediaOptions,
            dict(max_fraction=1.5),
            r'options.max_fraction must be in \[0, 1\], but got 1.5\.',
        ),
        (
            BadMediaOptions,
            dict(max_refetch=-1),
            r'options.max_refetch must be an integer >= 0, but got -1\.',
        ),
        (
            NegativeOptions,
            dict(hard='1'),
            r"options.hard must be an integer >= 0, but got '1'\.",
        ),
    ],
)
def test_read_group__refuses_values_out_of_range(
    group: type, given: dict, message: str
) -> None:
    name = 'bad_media' if group is BadMediaOptions else 'negatives'
    with pytest.raises(ValueError, match=message.replace('options', name)):
        read_group(group, name, given)
