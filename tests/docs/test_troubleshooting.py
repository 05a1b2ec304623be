# Copyright (c) clipbert_mm contributors.
"""Troubleshooting: every quoted message is one of the package."""

import ast
import re

from tests.toolbox.paths import ROOT

PAGE = ROOT / 'docs' / 'troubleshooting.md'
MESSAGE = re.compile(r'^\| `([^`]+)` \|', re.MULTILINE)


def read_literals() -> list[str]:
    """Return the strings of the package, with ``…`` for their fields."""
    found = []
    for path in sorted((ROOT / 'clipbert_mm').rglob('*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            found.append(
                ''.join(
                    str(part.value) if isinstance(part, ast.Constant) else '…'
                    for part in parts
                )
            )
    return found


def test_page__quotes_messages_of_the_package() -> None:
    messages = MESSAGE.findall(PAGE.read_text())
    literals = read_literals()
    assert len(messages) >= 20
    unknown = [
        message
        for message in messages
        if not any(message in literal for literal in literals)
    ]
    assert unknown == []
