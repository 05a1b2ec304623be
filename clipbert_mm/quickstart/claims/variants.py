# Copyright (c) clipbert_mm contributors.
"""Variants of the answering quickstart that differ in one thing.

All of them read clips of half a second, so that an event shows in some clips
only.
"""

from collections.abc import Sequence
from typing import NamedTuple

CLIP_LEN, TARGET_FPS = 2, 4  # clips of half a second
PRETRAIN_EPOCHS = 3
LEARNING_RATE = 2e-3  # of pretraining and of answering
SPARSE_CLIPS, DENSE_CLIPS, TEST_CLIPS = 2, 8, 8


class Training(NamedTuple):
    """Settings that all runs share.

    Args:
        epochs (int): Epochs with sparse clips. Defaults to 4.
        neck_norm (str | None): Norm of the neck. Defaults to None.
        pretrain_lr (float): Learning rate of the pretraining. Defaults to
            2e-3.
        lr (float): Learning rate of the answering. Defaults to 2e-3.
    """

    epochs: int = 4
    neck_norm: str | None = None
    pretrain_lr: float = LEARNING_RATE
    lr: float = LEARNING_RATE


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

    @property
    def letter(self) -> str:
        """Return the letter that names the claim."""
        return self.text[1]


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


def chosen_claims(letters: Sequence[str]) -> list[Claim]:
    """Return the claims that letters name.

    Args:
        letters (Sequence[str]): Their letters.

    Returns:
        list[Claim]: The claims, in the order of :data:`CLAIMS`.

    Example:
        >>> [claim.worse for claim in chosen_claims('e')]
        [('frozen', 8)]
    """
    return [claim for claim in CLAIMS if claim.letter in letters]


def compared_runs(claims: Sequence[Claim]) -> dict[str, list[int]]:
    """Return the variants that claims compare, and their test clips.

    Args:
        claims (Sequence[Claim]): The claims.

    Returns:
        dict[str, list[int]]: Numbers of test clips by the name of the
        variant, in the order of :data:`VARIANTS`.

    Example:
        >>> compared_runs(chosen_claims('de'))
        {'base': [1, 2, 4, 8], 'frozen': [8]}
    """
    pairs = {run for claim in claims for run in (claim.better, claim.worse)}
    return {
        name: sorted(clips for run, clips in pairs if run == name)
        for name in VARIANTS
        if any(run == name for run, _ in pairs)
    }
