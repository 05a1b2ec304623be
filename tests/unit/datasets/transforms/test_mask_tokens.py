# Copyright (c) clipbert_mm contributors.
"""Tests of masking: the 80/10/10 rule, and what is never masked."""

import numpy as np
import pytest

from clipbert_mm.datasets import MaskTokens
from clipbert_mm.datasets.transforms.mask_tokens import mask_tokens

VOCAB_SIZE = 1000
MASK_ID = 4


def item(seed: int = 0, rows: int = 400, length: int = 50) -> dict:
    """Return texts of random words with [CLS], [SEP] and ten pads each."""
    ids = np.random.default_rng(99).integers(5, 29, (rows, length))
    ids[:, 0], ids[:, -11], ids[:, -10:] = 2, 3, 0
    return dict(
        input_ids=ids,
        attention_mask=(ids != 0).astype(np.int64),
        rng=np.random.default_rng(seed),
    )


def test_mask_tokens__shares() -> None:
    shape = (1000, 200)
    ids = np.random.default_rng(1).integers(5, VOCAB_SIZE, shape)
    new, labels = mask_tokens(
        ids,
        np.ones(shape, bool),
        0.15,
        MASK_ID,
        VOCAB_SIZE,
        np.random.default_rng(2),
    )
    chosen = labels != -100
    np.testing.assert_array_equal(labels[chosen], ids[chosen])
    np.testing.assert_array_equal(new[~chosen], ids[~chosen])
    assert abs(chosen.mean() - 0.15) < 0.003  # 3.8 standard deviations
    masked = (new == MASK_ID)[chosen].mean()
    kept = (new == ids)[chosen].mean()
    assert abs(masked - 0.8) < 0.01
    assert abs(kept - 0.1) < 0.01
    # Random words come from the whole vocabulary, special tokens included.
    random_words = new[chosen & (new != MASK_ID) & (new != ids)]
    assert random_words.min() == 0
    assert random_words.max() == VOCAB_SIZE - 1
    assert abs(random_words.mean() - (VOCAB_SIZE - 1) / 2) < 20


def assert_binomial(count: int, trials: int, prob: float) -> None:
    """Check 4.5 standard deviations: 7 of a million fail by chance."""
    deviation = (trials * prob * (1 - prob)) ** 0.5
    assert abs(count - trials * prob) < 4.5 * deviation


def test_mask_tokens__statistics_of_the_transform(vocab_dir: str) -> None:
    before = item(rows=8000)
    transform = MaskTokens(vocab_dir)
    after = transform(dict(before))
    old, new = before['input_ids'], after['input_ids']
    words = old > 4
    vocab_size = transform.vocab_size
    assert transform.mask_id == MASK_ID
    chosen = after['mlm_labels'] != -100
    assert not chosen[~words].any()
    np.testing.assert_array_equal(new[~chosen], old[~chosen])
    np.testing.assert_array_equal(after['mlm_labels'][chosen], old[chosen])
    num_chosen = int(chosen.sum())
    assert_binomial(num_chosen, int(words.sum()), 0.15)
    # A random word may be [MASK], or the word itself.
    old, new = old[chosen], new[chosen]
    by_chance = 0.1 / vocab_size
    assert_binomial((new == MASK_ID).sum(), num_chosen, 0.8 + by_chance)
    assert_binomial((new == old).sum(), num_chosen, 0.1 + by_chance)
    for token in set(range(vocab_size)) - {MASK_ID}:
        others = old != token
        assert_binomial((new[others] == token).sum(), others.sum(), by_chance)


def test_mask_tokens__chooses_independently(vocab_dir: str) -> None:
    after = MaskTokens(vocab_dir)(item(rows=8000))
    chosen = (after['mlm_labels'] != -100)[:, 1:39]
    both = (chosen[:, :-1] & chosen[:, 1:])[:, ::2]  # pairs share no token
    assert_binomial(both.sum(), both.size, 0.15**2)
    for place in range(chosen.shape[1]):  # no place of a text is preferred
        assert_binomial(chosen[:, place].sum(), len(chosen), 0.15)


def test_mask_tokens__never_special_tokens_or_padding(vocab_dir: str) -> None:
    before = item()
    after = MaskTokens(vocab_dir, mask_prob=1.0)(dict(before))
    words = before['input_ids'] > 4
    np.testing.assert_array_equal(after['mlm_labels'] != -100, words)
    np.testing.assert_array_equal(
        after['input_ids'][~words], before['input_ids'][~words]
    )


def test_mask_tokens__special_tokens_as_the_reference(vocab_dir: str) -> None:
    before = item()
    after = MaskTokens(vocab_dir, mask_prob=1.0, mask_special_tokens=True)(
        dict(before)
    )
    np.testing.assert_array_equal(
        after['mlm_labels'] != -100, before['attention_mask'] == 1
    )


def test_mask_tokens__same_generator_same_masks(vocab_dir: str) -> None:
    mask = MaskTokens(vocab_dir)
    first, again, other = (mask(item(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first['input_ids'], again['input_ids'])
    np.testing.assert_array_equal(first['mlm_labels'], again['mlm_labels'])
    assert (first['mlm_labels'] != other['mlm_labels']).any()


def test_mask_tokens__does_not_change_its_input(vocab_dir: str) -> None:
    before = item()
    ids = before['input_ids'].copy()
    after = MaskTokens(vocab_dir)(dict(before))
    np.testing.assert_array_equal(before['input_ids'], ids)
    assert after['input_ids'].dtype == after['mlm_labels'].dtype == np.int64


@pytest.mark.parametrize('prob', [0, -0.1, 1.5])
def test_mask_tokens__wrong_share(vocab_dir: str, prob: float) -> None:
    with pytest.raises(ValueError, match=f'mask_prob .* but got {prob}'):
        MaskTokens(vocab_dir, prob)
