# Copyright (c) clipbert_mm contributors.
"""Run of a converter: its checks, files and report."""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from clipbert_mm.annotations.answer_vocabulary import (
    build_vocabulary,
    coverage,
    vocabulary_text,
)
from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.utils.outputs import check_new_folder
from clipbert_mm.utils.text_table import text_table
from clipbert_mm.utils.whole_files import whole_file

from .split import Split

OUTSIDE_VOCABULARY = 'answers outside the vocabulary'


class Conversion:
    """Run of a converter: its sources, splits and notes.

    Args:
        args (argparse.Namespace): Command line with the options of
            :func:`add_output_options`.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.out = Path(args.out)
        self.overwrite: bool = args.overwrite
        self.allow_leaks: bool = args.allow_leaks
        self.sources: list[str] = []
        self.notes: list[str] = []
        self.splits: list[Split] = []

    def claim(self, *names: str) -> None:
        """Raise, before any work, if a file exists and may not be replaced.

        Args:
            *names (str): Names of the files in ``--out``.

        Raises:
            FileExistsError: If one exists, without ``--overwrite``.
            OutputError: If nothing can be written to ``--out``.
        """
        check_new_folder('--out', self.out)
        for path in (self.out / name for name in names):
            if path.exists() and not self.overwrite:
                raise FileExistsError(
                    f'{path} already exists. Pass --overwrite to replace it, '
                    'or choose another folder as --out.'
                )

    def add_source(
        self, path: str, number: int, noun: str, official: int | None = None
    ) -> None:
        """Record a file that was read, and compare its size.

        Args:
            path (str): The file.
            number (int): Number of its ``noun``.
            noun (str): Plural of the things counted.
            official (int | None): Number in the official file. Defaults to
                None, unknown.
        """
        self.sources.append(f'{path} ({number:,} {noun})')
        if official is not None and number != official:
            self.notes.append(
                f'{path} has {number:,} {noun}, but the '
                f'official file has {official:,}.'
            )

    def add_merged(self, name: str, stem_of: Mapping[str, str]) -> None:
        """Note how many videos have several names in a file.

        Args:
            name (str): Name of the split.
            stem_of (Mapping[str, str]): Stem of each name.
        """
        counts = Counter(stem_of.values())
        merged = {stem for stem, number in counts.items() if number > 1}
        self.notes += _shared(
            merged,
            f'videos of {name} are named with several suffixes and merged',
        )

    def check(
        self,
        splits: Iterable[Split],
        disjoint: Iterable[tuple[Split, Split]] = (),
    ) -> None:
        """Check the ids of each split and that pairs of splits are disjoint.

        Args:
            splits (Iterable[Split]): All splits, for :meth:`write`.
            disjoint (Iterable[tuple[Split, Split]]): Pairs that must not
                share a video or image. Shared question ids are noted.

        Raises:
            AnnotationError: If a split is empty; without ``--allow-leaks``
                also if pairs share media, or if a question id is repeated.
        """
        self.splits = list(splits)
        problems = []
        for split in self.splits:
            split.check_rows()
            problems += self._check_ids(split)
        for one, other in disjoint:
            pair = f'{one.name} and {other.name}'
            media = {m[1] for m in one.media() & other.media()}
            problems += _shared(media, f'videos or images are in {pair}')
            ids = set(one.ids()) & set(other.ids())
            self.notes += _shared(ids, f'question ids are in {pair}')
        if problems and not self.allow_leaks:
            raise AnnotationError(
                '\n'.join(problems) + '\nCheck that all files belong to the '
                'same release, or pass --allow-leaks to convert them anyway.'
            )
        self.notes += problems

    def _check_ids(self, split: Split) -> list[str]:
        """Return problems of the ids; remove repeated ids from the rows."""
        problems = []
        for key in ('sen_id', 'question_id'):
            times = Counter(row[key] for row in split.rows if key in row)
            repeated = {value for value, number in times.items() if number > 1}
            if not repeated:
                continue
            for row in split.rows:
                del row[key]
            found = _shared(
                repeated,
                f'{key}s are repeated in {split.name}, which is written '
                'without them',
            )
            if key == 'question_id':
                problems += found
            else:  # rows identify captions as well
                self.notes += found
        return problems

    def answer_vocabulary(
        self, name: str, train: Split, others: list[Split], size: int
    ) -> list[str]:
        """Choose the answers of a model and drop training rows without them.

        Args:
            name (str): Name of the file, for the report.
            train (Split): Training questions, with ``answer``.
            others (list[Split]): Other questions, all of which are kept: one
                whose answer is unknown counts as wrong.
            size (int): Number of answers, the most frequent of training.

        Returns:
            list[str]: The answers.
        """
        answers = [row['answer'] for row in train.rows]
        vocabulary = build_vocabulary(answers, size=size)
        known = set(vocabulary)
        shares = [
            f'{coverage([r["answer"] for r in split.rows], vocabulary):.1%} '
            f'of {split.name}'
            for split in (train, *others)
        ]
        self.notes.append(
            f'{name}: {len(vocabulary):,} of the {len(set(answers)):,} '
            f'training answers; they cover {", ".join(shares)}.'
        )
        train.keep(OUTSIDE_VOCABULARY, lambda row: row['answer'] in known)
        return vocabulary

    def write(self, vocabularies: dict[str, list[str]] | None = None) -> None:
        """Write all files, or none if one cannot be written.

        Args:
            vocabularies (dict[str, list[str]] | None): Answers to write next
                to the splits, by file name. Defaults to None, none.

        Raises:
            AnnotationError: If a split has no rows.
        """
        for split in self.splits:
            split.check_rows()
        with ExitStack() as stack:  # at its end, all take their places
            for split in self.splits:
                path = self.out / f'{split.name}.jsonl'
                partial = stack.enter_context(whole_file(path))
                with open(partial, 'w', encoding='utf-8') as file:
                    file.writelines(
                        json.dumps(row, ensure_ascii=False) + '\n'
                        for row in split.rows
                    )
            for name, answers in (vocabularies or {}).items():
                partial = stack.enter_context(whole_file(self.out / name))
                partial.write_text(vocabulary_text(answers), 'utf-8')

    def to_dict(self) -> dict:
        """Return the figures of the splits, notes and sources."""
        return dict(
            splits={
                split.name: dict(
                    media=len(split.media()),
                    texts=len(split.rows),
                    repeated=split.repeated(),
                    dropped=dict(split.dropped),
                )
                for split in self.splits
            },
            notes=self.notes,
            sources=self.sources,
            out=str(self.out),
        )

    def report(self) -> str:
        """Return a table of the splits, then notes and sources."""
        rows = [['split', 'media', 'texts', 'repeated', 'dropped']]
        for split in self.splits:
            numbers = (
                len(split.media()),
                len(split.rows),
                split.repeated(),
                sum(split.dropped.values()),
            )
            rows.append([split.name, *(f'{n:,}' for n in numbers)])
        lines = text_table(rows)
        lines += [
            f'dropped from {split.name}: {number:,} {reason}'
            for split in self.splits
            for reason, number in split.dropped.items()
            if number
        ]
        lines += [f'note: {note}' for note in self.notes]
        lines += [f'read {source}' for source in self.sources]
        return '\n'.join([*lines, f'written to {self.out}'])


def _shared(values: set, text: str) -> list[str]:
    """Return one sentence about shared values, or none without values."""
    if not values:
        return []
    some = ', '.join(repr(value) for value in sorted(values, key=str)[:5])
    return [
        f'{len(values):,} {text}: {some}{", ..." if len(values) > 5 else "."}'
    ]
