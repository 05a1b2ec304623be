# Copyright (c) clipbert_mm contributors.
"""The fault corpus: the same faults for the same seed."""

import os
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .damage import DAMAGE
from .disguises import DISGUISES, SUFFIXES
from .forms import FORM_BY_NAME, FORMS, write_form
from .packets import PACKET_DAMAGE, PACKET_FORMS, damage_packets
from .places import BOMBS, IMAGE_BOMBS, PLACES
from .stills import STILLS

os.environ.setdefault('SVT_LOG', '1')  # errors only

#: Kinds of cases. Files of the first must be read, of the last three refused
#: or read within the limits.
KINDS = ('intact', 'damaged', 'disguised', 'no file', 'bomb')


class Case(NamedTuple):
    """A file of the corpus.

    Args:
        kind (str): One of :data:`KINDS`.
        medium (str): ``'video'`` or ``'image'``: how it is read.
        form (str): Name of the intact file that it is made from; may be
            empty.
        fault (str): Fault of the file, or what is special about it.
        suffix (str): Suffix of its name, without a dot.
        make (Callable[[Path, Path], None]): Function that makes it, given
            the intact file and the path.
    """

    kind: str
    medium: str
    form: str
    fault: str
    suffix: str
    make: Callable[[Path, Path], None]

    @property
    def name(self) -> str:
        """Name of the file, different for all cases."""
        words = re.sub(r'\W+', '-', f'{self.form} {self.fault}').strip('-')
        return f'{self.medium}-{words}.{self.suffix}'


class WrittenCase(NamedTuple):
    """A case whose file is there.

    Args:
        case (Case): The case.
        path (Path): Its file.
        intact (Path | None): The file that it was made from, if any.
    """

    case: Case
    path: Path
    intact: Path | None


def all_cases() -> list[Case]:
    """Return every case, about 4,000 of them.

    Returns:
        list[Case]: Cases in a fixed order.

    Example:
        >>> names = [case.name for case in all_cases()]
        >>> len(names) == len(set(names)) > 3000
        True
    """
    return [
        *_intact(),
        *_damaged('video', [form.name for form in FORMS]),
        *_damaged_packets(),
        *_damaged('image', list(STILLS)),
        *_disguised(),
        *(
            Case('no file', medium, '', name, 'mp4', partial(_make, make))
            for medium in ('video', 'image')
            for name, make in PLACES.items()
        ),
        *(
            Case('bomb', medium, '', name, suffix, partial(_make, make))
            for medium, bombs in (('video', BOMBS), ('image', IMAGE_BOMBS))
            for name, (suffix, make) in bombs.items()
        ),
    ]


def choose_cases(
    number: int, controls: int | None = None, seed: int = 0
) -> list[Case]:
    """Choose cases of which every kind and fault has its fraction.

    Args:
        number (int): Number of cases that are not intact.
        controls (int | None): Number of intact cases. Defaults to None, all.
        seed (int): Seed of the choice. Defaults to 0.

    Returns:
        list[Case]: Cases, sorted by name.

    Example:
        >>> cases = choose_cases(60)
        >>> sorted({case.kind for case in cases})
        ['bomb', 'damaged', 'disguised', 'intact', 'no file']
    """
    rng = np.random.default_rng(seed)
    cases = all_cases()
    rows: dict[tuple[object, ...], list[Case]] = defaultdict(list)
    intact = []
    for i in rng.permutation(len(cases)):
        if cases[i].kind == 'intact':
            intact.append(cases[i])
        else:
            rows[_row_of(cases[i])].append(cases[i])
    turns = [case for turn in zip_longest(*rows.values()) for case in turn]
    chosen = [case for case in turns if case is not None][:number]
    chosen += intact if controls is None else intact[:controls]
    return sorted(chosen, key=lambda case: case.name)


def _row_of(case: Case) -> tuple[object, ...]:
    """Return the row of a case; all rows have the same number of cases."""
    if (case.kind, case.medium) == ('damaged', 'video'):
        return (case.fault,)
    number = {'damaged': 6, 'disguised': 4}.get(case.kind, 1)
    place = zlib.crc32(case.name.encode()) % number
    return case.kind, case.medium, place


def write_cases(cases: Iterable[Case], folder: Path) -> Iterator[WrittenCase]:
    """Write the files of cases.

    Args:
        cases (Iterable[Case]): Cases to write.
        folder (Path): Folder for them; intact files go to ``intact``, and
            stay for the next run.

    Yields:
        WrittenCase: Case with its files.
    """
    (folder / 'intact').mkdir(parents=True, exist_ok=True)
    for case in cases:
        path = folder / case.name
        intact = folder / 'intact' / case.form if case.form else None
        if intact is not None and not intact.exists():
            _write_intact(intact)
        case.make(intact or folder, path)
        yield WrittenCase(case, path, intact)


def _write_intact(path: Path) -> None:
    if path.name in STILLS:
        STILLS[path.name](path)
    else:
        write_form(path, FORM_BY_NAME[path.name])


def _make(make: Callable[[Path], None], intact: Path, path: Path) -> None:
    make(path)


def _copy(intact: Path, path: Path) -> None:
    path.write_bytes(intact.read_bytes())


def _link(intact: Path, path: Path) -> None:
    path.symlink_to(intact.resolve())


def _intact() -> Iterator[Case]:
    """Yield files that must be read, some under the suffix of another."""
    suffixes = ('mp4', 'avi', 'webm', 'gif', 'bin', 'm3u8')
    for i, form in enumerate(FORMS):
        yield Case('intact', 'video', form.name, '', form.suffix, _copy)
        other = suffixes[i % len(suffixes)]
        # Of motion JPEG only the name says that it is no image.
        if other != form.suffix and form.suffix != 'mjpeg':
            fault = f'named .{other}'
            yield Case('intact', 'video', form.name, fault, other, _copy)
    for i, still in enumerate(STILLS):
        suffix = still.split('.')[1]
        yield Case('intact', 'image', still, '', suffix, _copy)
        other = ('jpg', 'png')[i % 2]
        if other != suffix:
            yield Case(
                'intact', 'image', still, f'named .{other}', other, _copy
            )
    yield Case('intact', 'video', 'libx264.mp4', 'link', 'mp4', _link)
    yield Case('intact', 'image', 'a.jpg', 'link', 'jpg', _link)


def _damaged(medium: str, forms: Sequence[str]) -> Iterator[Case]:
    for form in forms:
        for fault in DAMAGE:
            make = partial(_damage_bytes, fault)
            suffix = form.split('.')[1]
            yield Case('damaged', medium, form, fault, suffix, make)


def _damaged_packets() -> Iterator[Case]:
    for form in PACKET_FORMS:
        for fault in PACKET_DAMAGE:
            make = partial(_damage_packets, fault)
            suffix = form.split('.')[1]
            yield Case('damaged', 'video', form, fault, suffix, make)


def _disguised() -> Iterator[Case]:
    for i, (name, content) in enumerate(DISGUISES.items()):
        for medium, suffixes in (('video', SUFFIXES), ('image', ('jpg',))):
            suffix = suffixes[i % len(suffixes)]
            make = partial(_write_bytes, content)
            yield Case('disguised', medium, '', name, suffix, make)


def _write_bytes(content: bytes, intact: Path, path: Path) -> None:
    path.write_bytes(content)


def _damage_bytes(fault: str, intact: Path, path: Path) -> None:
    rng = np.random.default_rng(_seed_of(path.name))
    path.write_bytes(DAMAGE[fault](intact.read_bytes(), rng))


def _damage_packets(fault: str, intact: Path, path: Path) -> None:
    rng = np.random.default_rng(_seed_of(path.name))
    damage_packets(intact, path, PACKET_DAMAGE[fault], rng)


def _seed_of(name: str) -> int:
    return zlib.crc32(name.encode())
