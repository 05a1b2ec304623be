# Copyright (c) clipbert_mm contributors.
"""Tests of the report of a conversion."""

import re

import pytest

from clipbert_mm.weights import ConversionError, ConversionReport


@pytest.fixture
def report() -> ConversionReport:
    return ConversionReport(
        'a toy',
        used={'a': 'head.a'},
        dropped={'b': 'not used', 'd': 'too old', 'c': 'not used'},
        missing=['m'],
        unknown=['u'],
        mismatched={'x': 'expected shape (2), but got (3,)'},
        sizes=dict(D=2),
        notes=['load it somehow'],
    )


def test_to_text__lists_every_tensor_once(report):
    assert report.to_text().splitlines() == [
        'a toy: 1 used, 3 dropped, 1 missing, 1 unknown, 1 mismatched',
        'sizes: D=2',
        'used: a -> head.a',
        'dropped 2: not used',
        '  b',
        '  c',
        'dropped 1: too old',
        '  d',
        'unknown: u',
        'mismatched: x: expected shape (2), but got (3,)',
        'missing: m',
        'note: load it somehow',
    ]


def test_to_text__short_keeps_the_differences(report):
    lines = report.to_text(verbose=False).splitlines()
    assert 'used: a -> head.a' not in lines
    assert '  b' not in lines
    assert {'dropped 2: not used', 'unknown: u', 'missing: m'} <= set(lines)


def test_raise_on_difference__lists_all(report):
    message = (
        'a toy does not match its key table; 3 differences:\n'
        '  unknown: u\n'
        '  mismatched: x: expected shape (2), but got (3,)\n'
        '  missing: m\n'
        'Check that the file has this format. strict=False (--no-strict) '
        'lists these tensors and converts the others.'
    )
    with pytest.raises(ConversionError, match=f'^{re.escape(message)}$'):
        report.raise_on_difference()


def test_raise_on_difference__not_without_one():
    ConversionReport('a toy', used={'a': 'head.a'}).raise_on_difference()


def test_to_dict__makes_the_same_report_and_is_a_copy(report):
    content = report.to_dict()
    assert ConversionReport(**content) == report
    content['missing'].append('n')
    assert report.missing == ['m']
