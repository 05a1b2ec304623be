# Copyright (c) clipbert_mm contributors.
"""Find words that the project does not use; words.txt lists them.

python -m tools.checks.words [FILE ...]
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

WORDS = Path(__file__).with_name('words.txt')
SUFFIXES = ('.py', '.md', '.sh', '.toml', '.yml', '.yaml', '.txt', '.cff')
# Files that list such words themselves.
SKIPPED = (WORDS.name, 'CONTRIBUTING.md', 'test_words.py')


def read_rules(path: Path = WORDS) -> list[tuple[re.Pattern, str]]:
    """Read the word list.

    Args:
        path (Path): File of lines ``expression -> words to use``.

    Returns:
        list[tuple[re.Pattern, str]]: Pattern and replacement of each line.
    """
    rules = []
    for line in path.read_text(encoding='utf-8').splitlines():
        if line and not line.startswith('#'):
            wrong, right = line.split(' -> ')
            between = wrong.replace(' ', r'(?:\s|#|\|)+')
            rules.append((re.compile(rf'(?<!\w){between}(?!\w)', re.I), right))
    return rules


def find_words(
    text: str, rules: Iterable[tuple[re.Pattern, str]]
) -> Iterator[tuple[int, str, str]]:
    r"""Find the words in a text.

    Args:
        text (str): Text to search.
        rules (Iterable[tuple[re.Pattern, str]]): Rules of the word list.

    Yields:
        tuple[int, str, str]: Line number, words found and words to use
        instead.

    Example:
        >>> rules = [(re.compile('colours?'), 'color')]
        >>> list(find_words('One\ncolour.', rules))
        [(2, 'colour', 'color')]
    """
    for pattern, right in rules:
        for match in pattern.finditer(text):
            line = text.count('\n', 0, match.start()) + 1
            yield line, ' '.join(match[0].split()), right


def tracked_files() -> list[Path]:
    """Return the text files that Git tracks below this folder."""
    listed = subprocess.run(
        ['git', 'ls-files', '-z'], stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    return [
        Path(name)
        for name in listed.split('\0')
        if name.endswith(SUFFIXES) and Path(name).name not in SKIPPED
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Print every word found; return 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('files', nargs='*', type=Path)
    files = parser.parse_args(argv).files or tracked_files()
    rules = read_rules()
    found = [
        f'{path}:{line}: {wrong!r}: use {right!r}'
        for path in files
        for line, wrong, right in sorted(
            find_words(path.read_text(encoding='utf-8'), rules)
        )
    ]
    print(*found, sep='\n' if found else '', end='\n' if found else '')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
