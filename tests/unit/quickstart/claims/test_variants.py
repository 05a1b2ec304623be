# Copyright (c) clipbert_mm contributors.
"""Tests of the claims: each compares two runs that differ in one thing."""

import pytest

from clipbert_mm.quickstart.claims.variants import (
    CLAIMS,
    DENSE_CLIPS,
    SPARSE_CLIPS,
    TEST_CLIPS,
    VARIANTS,
    Claim,
    chosen_claims,
    compared_runs,
)

# Clips and their mode are one decision: sparse or dense.
SAMPLING = {'clips', 'mode'}


@pytest.mark.parametrize('name', sorted(VARIANTS.keys() - {'base'}))
def test_variants__differ_from_the_base_in_one_thing(name: str) -> None:
    base, other = VARIANTS['base']._asdict(), VARIANTS[name]._asdict()
    changed = {key for key in base if base[key] != other[key]}
    assert changed == SAMPLING or len(changed - SAMPLING) == 1
    assert len(changed & SAMPLING) in (0, len(changed))


def test_variants__dense_clips_cost_whole_epochs() -> None:
    assert DENSE_CLIPS % SPARSE_CLIPS == 0


@pytest.mark.parametrize('claim', CLAIMS, ids=lambda claim: claim.text)
def test_claims__compare_the_base_with_one_change(claim: Claim) -> None:
    (better, clips), (worse, other_clips) = claim.better, claim.worse
    assert better == 'base'
    assert worse in VARIANTS
    if worse == 'base':
        assert clips == 2 * other_clips
    else:
        assert clips == other_clips == TEST_CLIPS


def test_claims__every_variant_is_compared() -> None:
    assert {claim.worse[0] for claim in CLAIMS} == set(VARIANTS)
    assert len({claim.text for claim in CLAIMS}) == len(CLAIMS)


def test_compared_runs__of_all_claims_are_all_variants() -> None:
    letters = [claim.letter for claim in CLAIMS]
    runs = compared_runs(chosen_claims(letters))
    assert list(runs) == list(VARIANTS)
    assert runs['base'] == [1, 2, 4, 8]
    assert all(runs[name] == [TEST_CLIPS] for name in runs if name != 'base')
