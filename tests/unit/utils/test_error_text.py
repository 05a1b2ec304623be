# Copyright (c) clipbert_mm contributors.
"""Tests of errors in one line."""

import pytest

from clipbert_mm.utils.error_text import describe, first_line


@pytest.mark.parametrize(
    'error, line',
    [
        (ValueError('one\ntwo'), 'one'),
        (ValueError('\n\n  one  \r\ntwo'), 'one'),
        (ValueError('one\u2028two'), 'one'),
        (ValueError(), ''),
        (ValueError(' \n'), ''),
        (KeyError('a'), "'a'"),
        (KeyboardInterrupt(), ''),
    ],
)
def test_first_line(error: BaseException, line: str) -> None:
    assert first_line(error).rstrip() == line
    described = describe(error).rstrip()
    assert described == f'{type(error).__name__}: {line}'.rstrip()
    assert len(described.splitlines()) == 1
