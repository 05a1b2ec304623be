# Copyright (c) clipbert_mm contributors.
"""Tests of the normal form of VQA's answers."""

import itertools
import random

import pytest
from mmaction.evaluation import VQAAcc

from clipbert_mm.annotations.official.answer_normalisation import normalise


@pytest.mark.parametrize(
    'answer, expected',
    [
        ('Yes', 'yes'),
        ('  two \t dogs\n', '2 dogs'),
        ('none', '0'),
        ('Ten', '10'),
        ('eleven', 'eleven'),
        ('The cat and a dog', 'cat and dog'),
        ('an', ''),
        ('a', ''),
        ('?', ''),
        ('theatre', 'theatre'),
        # A mark inside a word becomes a space, next to a space it goes.
        ('black/white', 'black white'),
        ('black / white', 'black white'),
        ('black/ white-red', 'black white red'),
        ('t-shirt', 't shirt'),
        ('yes!', 'yes'),
        ('right, left', 'right left'),
        ('right,left', 'right left'),
        # A number with a comma removes all marks.
        ('1,000', '1000'),
        ('1,000 black/white', '1000 blackwhite'),
        # Points stay before a digit only.
        ('1.5', '1.5'),
        ('.5', '.5'),
        ('dr. pepper.', 'dr pepper'),
        ('p.m.', 'pm'),
        ('10:30', '10:30'),
        ('$5', '$5'),
        ("don't", "don't"),
        ('dont', "don't"),
        ('DONT', "don't"),
        ("couldn'tve", "couldn't've"),
        ("couldnt've", "couldn't've"),
        ('couldntve', 'couldntve'),
        ('oclock', "o'clock"),
        ('im', 'im'),
        ('its', 'its'),
        ('well', 'well'),
        ("somebody'd", 'somebodyd'),
        ("men's", "men's"),
    ],
)
def test_normalise(answer: str, expected: str) -> None:
    assert normalise(answer) == expected


def test_normalise__contractions_equal_mmaction2() -> None:
    """Check contractions with all, without one or without any apostrophe."""
    endings = [
        "'d",
        "'d've",
        "'ll",
        "'m",
        "'re",
        "'s",
        "'ve",
        "n't",
        "n't've",
        '',
    ]
    words = (
        'i he she it we you they who what when where why how there that '
        'this let not was were is are ai ca could did does do had has '
        'have might must need ought sha should would wo somebody someone '
        "something y'all o'clock ma'am 'twas 'ow's'at those here"
    ).split()
    metric = VQAAcc()
    tried = 0
    for word, ending in itertools.product(words, endings):
        full = word + ending
        kept = [i for i, letter in enumerate(full) if letter == "'"]
        for lost in ([], kept, *([i] for i in kept)):
            text = ''.join(
                letter for i, letter in enumerate(full) if i not in lost
            )
            assert normalise(text) == metric._process_answer(text), text
            tried += 1
    assert tried > 1000


def test_normalise__random_texts_equal_mmaction2() -> None:
    metric = VQAAcc()
    rng = random.Random(0)
    parts = [
        *';/[]"{}()=+\\_-><@`,?!.:$%&*#~',
        *' \t\n',
        *'aAxZ019',
        'the',
        'one',
        'dont',
        ' 1,000',
        ' a ',
        ' None ',
    ]
    for _ in range(3000):
        text = ''.join(rng.choices(parts, k=rng.randint(1, 12)))
        assert normalise(text) == metric._process_answer(text), repr(text)
