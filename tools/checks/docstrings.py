# Copyright (c) clipbert_mm contributors.
"""Check the manners of docstrings and the length of functions.

Summaries of functions begin with a verb and are no questions; functions
have at most 60 lines without their docstring.

python -m tools.checks.docstrings [PATH ...]
"""

import argparse
import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

PATHS = (Path('clipbert_mm'), Path('tools'), Path('tests/toolbox'))
MOST_LINES = 60
# First words of summaries that are no verbs.
NOUN_PHRASES = frozenset(
    'a all an any as at by each every for from how if in it its no of on one '
    'our same that the their these they this those two what when where '
    'whether which who whose with'.split()
)
QUESTIONS = frozenset('can did do does has have is are was were'.split())

Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_property(function: Function) -> bool:
    """Return whether a function is read like an attribute."""
    return any(
        ast.unparse(decorator).endswith('property')
        for decorator in function.decorator_list
    )


def summary_fault(function: Function) -> str | None:
    r"""Return the fault of a function's summary, or None.

    Args:
        function (Function): Syntax tree of the function.

    Returns:
        str | None: Fault; None if the summary begins with a verb, or the
        function is a property or has no docstring.

    Example:
        >>> tree = ast.parse('def f():\n    "The number."')
        >>> summary_fault(tree.body[0])
        "the summary begins with 'The', not with a verb"
    """
    summary = (ast.get_docstring(function) or '').partition('\n')[0]
    if not summary or is_property(function):
        return None
    if summary.endswith('?'):
        return 'the summary is a question'
    first = summary.split()[0]
    word = first.lower().rstrip('.,:')
    is_plural = word.endswith('s') and not word.endswith('ss')
    if is_plural or not word.isalpha() or word in NOUN_PHRASES | QUESTIONS:
        return f'the summary begins with {first!r}, not with a verb'
    return None


def num_lines(function: Function) -> int:
    """Return the lines of a function without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        end = docstring.end_lineno or docstring.lineno
        lines -= end - docstring.lineno + 1
    return lines


def faults(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield line, name and fault of the functions of a module."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            fault = summary_fault(node)
            if fault:
                yield node.lineno, node.name, fault
            if num_lines(node) > MOST_LINES:
                yield (
                    node.lineno,
                    node.name,
                    f'{num_lines(node)} lines of code, more than {MOST_LINES}',
                )


def main(argv: Sequence[str] | None = None) -> int:
    """Print every fault; return 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('paths', nargs='*', type=Path, default=PATHS)
    found = False
    for folder in parser.parse_args(argv).paths:
        files = sorted(folder.rglob('*.py')) if folder.is_dir() else [folder]
        for path in files:
            tree = ast.parse(path.read_text(encoding='utf-8'))
            for line, name, fault in sorted(faults(tree)):
                found = True
                print(f'{path}:{line}: {name}: {fault}')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
