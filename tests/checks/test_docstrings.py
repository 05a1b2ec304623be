# Copyright (c) clipbert_mm contributors.
"""Tests of the check of docstrings."""

import ast
from pathlib import Path

import pytest

from tools.checks import docstrings


@pytest.mark.parametrize(
    'summary, fault',
    [
        ('Return the number.', None),
        ('Compress the file.', None),
        ('The number.', "the summary begins with 'The', not with a verb"),
        ('Frames of it.', "the summary begins with 'Frames', not with a verb"),
        ("BERT's.", 'the summary begins with "BERT\'s.", not with a verb'),
        ('Find the end?', 'the summary is a question'),
    ],
)
def test_summary_fault(summary: str, fault: str | None) -> None:
    (function,) = ast.parse(f'def f():\n    """{summary}"""').body
    assert docstrings.summary_fault(function) == fault


def test_main__names_file_line_and_function(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'a.py'
    path.write_text(
        '@property\ndef f():\n    """The number."""\n\n\n'
        'def g():\n    """What it is."""\n' + '    print()\n' * 60
    )
    assert docstrings.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == (
        f'{path}:6: g: 61 lines of code, more than 60\n'
        f"{path}:6: g: the summary begins with 'What', not with a verb\n"
    )
