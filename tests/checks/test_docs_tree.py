# Copyright (c) clipbert_mm contributors.
"""The file tree of the architecture page is that of today."""

from pathlib import Path

import pytest

from tools.checks.docs_tree import BEGIN, END, PAGE, describe, update


def test_page__shows_the_files_of_today() -> None:
    page = PAGE.read_text()
    assert update(page) == page, 'Run: python -m tools.checks.docs_tree'


def test_tree__describes_every_python_file() -> None:
    tree = update(BEGIN + END)
    bare = [
        line
        for line in tree.splitlines()
        if line.strip().endswith(('.py', '.sh'))
    ]
    assert bare == []


def test_describe__first_line_of_a_file_a_folder_and_a_script(
    tmp_path: Path,
) -> None:
    module = tmp_path / '__init__.py'
    module.write_text('# Copyright.\n"""A room.\n\nMore.\n"""\n')
    script = tmp_path / 'run.sh'
    script.write_text('#!/usr/bin/env bash\n# Run it. It makes\n# more.\n')
    (tmp_path / 'empty').mkdir()
    assert describe(module) == describe(tmp_path) == 'A room.'
    assert describe(script) == 'Run it.'
    assert describe(tmp_path / 'empty') == ''


def test_update__page_without_marks() -> None:
    with pytest.raises(ValueError, match='The page must hold .*tree: begin'):
        update('# Architecture\n')
