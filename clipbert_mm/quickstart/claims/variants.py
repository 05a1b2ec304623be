# Copyright (c) clipbert_mm contributors.
"""Variants of the answering quickstart that differ in one thing.

All of them read clips of half a second, so that an event shows in some clips
only.
"""

from typing import NamedTuple

CLIP_LEN, TARGET_FPS = 2, 4  # clips of half a second
PRETRAIN_EPOCHS = 3
SPARSE_CLIPS, DENSE_CLIPS, TEST_CLIPS = 2, 8, 8


class Variant(NamedTuple):
    """Training that differs from the others in one thing."""

    pretrained: bool = True
    mode: str = 'random'
    clips: int = SPARSE_CLIPS
    aggregation: str = 'lse'
    frozen: bool = False


VARIANTS = {
    'base': Variant(),
    'scratch': Variant(pretrained=False),
    'dense': Variant(mode='dense_uniform', clips=DENSE_CLIPS),
    'mean': Variant(aggregation='mean'),
    'max': Variant(aggregation='max'),
    'frozen': Variant(frozen=True),
}


class Claim(NamedTuple):
    """Claim that one run answers more questions than another."""

    text: str
    better: tuple[str, int]  # a variant and its number of test clips
    worse: tuple[str, int]


CLAIMS = (
    Claim(
        '(a) image-text pretraining > none',
        ('base', TEST_CLIPS),
        ('scratch', TEST_CLIPS),
    ),
    Claim(
        f'(b) {SPARSE_CLIPS} random clips > {DENSE_CLIPS} uniform ones, '
        'trained for as many clips in all',
        ('base', TEST_CLIPS),
        ('dense', TEST_CLIPS),
    ),
    Claim('(c) LSE > mean', ('base', TEST_CLIPS), ('mean', TEST_CLIPS)),
    Claim('(c) LSE > max', ('base', TEST_CLIPS), ('max', TEST_CLIPS)),
    Claim('(d) 2 test clips > 1', ('base', 2), ('base', 1)),
    Claim('(d) 4 test clips > 2', ('base', 4), ('base', 2)),
    Claim('(d) 8 test clips > 4', ('base', 8), ('base', 4)),
    Claim(
        '(e) end to end > frozen backbone',
        ('base', TEST_CLIPS),
        ('frozen', TEST_CLIPS),
    ),
)
