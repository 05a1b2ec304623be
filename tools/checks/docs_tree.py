# Copyright (c) clipbert_mm contributors.
"""Write the file tree of docs/architecture.md from the first lines of files.

A Python file is described by the first line of its docstring, a folder by
that of its ``__init__.py``, a script by the first sentence of its comment::

    python -m tools.checks.docs_tree           # write
    python -m tools.checks.docs_tree --check   # status 1 where it differs
"""

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'architecture.md'
BEGIN, END = '<!-- tree: begin -->\n', '<!-- tree: end -->\n'
TOPS = ('clipbert_mm', 'tools', 'tests')
# Folders whose files the tree leaves out.
FOLDERS_ONLY = ('tests',)
WIDTH = 42


def describe(path: Path) -> str:
    """Return the first line of what a file or a folder says about itself.

    Args:
        path (Path): A Python file, a shell script or a folder.

    Returns:
        str: The line, empty where the file says nothing.
    """
    if path.is_dir():
        path = path / '__init__.py'
        if not path.exists():
            return ''
    text = path.read_text(encoding='utf-8')
    if path.suffix == '.py':
        docstring = ast.get_docstring(ast.parse(text)) or ''
        return docstring.partition('\n')[0]
    comments = (line[2:] for line in text.splitlines()[1:] if line[:1] == '#')
    return next(comments, '').partition('. ')[0].rstrip('.') + '.'


def is_shown(path: Path) -> bool:
    """Return whether the tree names a file or a folder."""
    if path.name[0] == '.':
        return False
    if path.is_dir():
        return any(is_shown(child) for child in path.iterdir())
    return path.suffix == '.sh' or (
        path.suffix == '.py' and path.name != '__init__.py'
    )


def walk(folder: Path, depth: int) -> Iterator[str]:
    """Yield the lines of a folder, its sub-folders after its files.

    Args:
        folder (Path): The folder.
        depth (int): Number of folders above it in the tree.

    Yields:
        str: Indented name and description.
    """
    yield line(f'{folder.name}/', describe(folder), depth)
    children = sorted(path for path in folder.iterdir() if is_shown(path))
    folders = [path for path in children if path.is_dir()]
    if folder.relative_to(ROOT).parts[0] not in FOLDERS_ONLY:
        for path in children:
            if path not in folders:
                yield line(path.name, describe(path), depth + 1)
    for path in folders:
        if path.relative_to(ROOT).parts[0] in FOLDERS_ONLY and depth:
            yield line(f'{path.name}/', describe(path), depth + 1)
        else:
            yield from walk(path, depth + 1)


def line(name: str, description: str, depth: int) -> str:
    """Return one line of the tree."""
    return f'{"  " * depth + name:{WIDTH}} {description}'.rstrip()


def update(page: str) -> str:
    """Return a page with the tree of today between its two marks.

    Args:
        page (str): Text of the page.

    Returns:
        str: The page, otherwise as it was.

    Raises:
        ValueError: If the page lacks a mark.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f'The page must hold {BEGIN!r} and then {END!r}.')
    trees = ['\n'.join(walk(ROOT / top, 0)) for top in TOPS]
    tree = '\n\n'.join(trees)
    return f'{before}{begin}\n```text\n{tree}\n```\n\n{end}{after}'


def main() -> int:
    """Write the tree, or check it."""
    parser = argparse.ArgumentParser(
        description='Write the file tree of docs/architecture.md.'
    )
    parser.add_argument('--check', action='store_true', help='write nothing')
    args = parser.parse_args()
    page = PAGE.read_text(encoding='utf-8')
    updated = update(page)
    if args.check and updated != page:
        print(
            f'{PAGE.relative_to(ROOT)} does not show the files of today. '
            'Run: python -m tools.checks.docs_tree'
        )
        return 1
    if not args.check:
        PAGE.write_text(updated, encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
