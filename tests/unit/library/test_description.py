# Copyright (c) clipbert_mm contributors.
"""Tests of the description of an index."""

import dataclasses
import json

import pytest

from clipbert_mm.library.description import Description
from clipbert_mm.library.errors import LibraryError

ABOUT = Description('demo', 'w1', 'p1', 'v1', 16, 49, 768, 'float16')


def test_description__comes_back_from_json() -> None:
    assert Description.from_json(ABOUT.to_json()) == ABOUT


@pytest.mark.parametrize('change', [dict(version=2), dict(format='x')])
def test_from_json__another_version(change: dict) -> None:
    text = json.dumps(json.loads(ABOUT.to_json()) | change)
    with pytest.raises(LibraryError, match=r'version 1, but got .* again'):
        Description.from_json(text)


@pytest.mark.parametrize(
    'change', [dict(tokens='49'), dict(other=1), dict(model=None)]
)
def test_from_json__damaged(change: dict) -> None:
    text = json.dumps(json.loads(ABOUT.to_json()) | change)
    with pytest.raises(LibraryError, match='is damaged'):
        Description.from_json(text)


@pytest.mark.parametrize('text', ['', b'', '[]', 'null', '{', '3'])
def test_from_json__no_description(text: str | bytes) -> None:
    with pytest.raises(LibraryError, match='but got None, version None'):
        Description.from_json(text)


def test_check_same__says_what_differs() -> None:
    ABOUT.check_same(dataclasses.replace(ABOUT, model='/elsewhere'))
    other = dataclasses.replace(ABOUT, weights='w2', precision='int8')
    with pytest.raises(
        LibraryError,
        match="by the model 'demo', and this is another: weights is 'w1' in "
        "the index, but 'w2' here; precision is 'float16' in the index",
    ):
        ABOUT.check_same(other)
