# Copyright (c) clipbert_mm contributors.
"""Tests of the ids of records."""

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.record import RecordId
from clipbert_mm.annotations.record_ids import unique_ids


def test_unique_ids__keeps_given_ids_or_counts_rows() -> None:
    assert unique_ids('a', 'qid', [(1, 'x'), (2, 0)]) == ['x', 0]
    assert unique_ids('a', 'qid', [(1, None), (4, None)]) == [0, 1]


@pytest.mark.parametrize(
    'given, message',
    [
        (
            [(1, 7), (3, 8), (4, 7)],
            '^a:4: qid 7 already occurs in line 1. Make it unique, or leave '
            'qid out of all lines.$',
        ),
        (
            [(2, None), (3, 8)],
            '^a:3: either all lines must have a qid or none, but line 2 '
            'differs',
        ),
    ],
)
def test_unique_ids__refuses_repeated_and_missing_ones(
    given: list[tuple[int, RecordId | None]], message: str
) -> None:
    with pytest.raises(AnnotationError, match=message):
        unique_ids('a', 'qid', given)
