# Copyright (c) clipbert_mm contributors.
"""Names, keywords and files of emoji, from packages of npm."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.record import Record
from clipbert_mm.media.sniffing import HEAD_BYTES, sniff

from .files import read_list, read_object

NUM_TONES = 5
_PRESENTATION = '-fe0f'  # asks for a coloured form; files differ in it
_WORD = re.compile(r'[^\W_]+')


class Emoji(NamedTuple):
    """One emoji, in one skin tone.

    Args:
        code (str): Code points, as in names of files, without ``fe0f``.
        name (str): Name in Unicode's words, skin tone included.
        base (str): Code of the emoji without a skin tone.
        tone (int): Skin tone from 1, light, to 5, dark; 0 without.
        words (tuple[str, ...]): Keywords that are in no part of the name.
    """

    code: str
    name: str
    base: str
    tone: int
    words: tuple[str, ...]


def read_emoji(names: str, keywords: str) -> list[Emoji]:
    """Read the emoji of emojibase-data, with keywords of emojilib too.

    Args:
        names (str): ``en/data.json`` of emojibase-data.
        keywords (str): ``dist/emoji-en-US.json`` of emojilib.

    Returns:
        list[Emoji]: Emoji without a skin tone and with a single one.

    Raises:
        FileNotFoundError: If a file does not exist.
        AnnotationError: If a file is not of this form.
    """
    more = read_object(keywords)
    found = []
    for record in read_list(names):
        base = _code(record)
        words = _keywords(record, more)
        found.append(Emoji(base, _name(record), base, 0, words))
        if 'skins' not in record:
            continue
        for skin in record.records('skins', allow_empty=True):
            tone = skin.values.get('tone')
            if isinstance(tone, list):  # two people, each with a tone
                continue
            tone = skin.integer('tone', 1, NUM_TONES)
            found.append(Emoji(_code(skin), _name(skin), base, tone, ()))
    return found


def _code(record: Record) -> str:
    return plain_code(record.text('hexcode'))


def plain_code(hexcode: str) -> str:
    """Return code points in lower case, without the variation selector.

    Args:
        hexcode (str): Code points in hexadecimal digits.

    Returns:
        str: The code, equal for all files of an emoji.

    Example:
        >>> plain_code('26F9-FE0F-200D-2640-FE0F')
        '26f9-200d-2640'
    """
    return hexcode.lower().replace(_PRESENTATION, '')


def _name(record: Record) -> str:
    return record.text('label').replace('\N{RIGHT SINGLE QUOTATION MARK}', "'")


def _keywords(record: Record, more: Record) -> tuple[str, ...]:
    """Return keywords without a word of the name."""
    tags = record.texts('tags') if 'tags' in record else []
    character = record.text('emoji')
    for key in (character, character.replace('\ufe0f', '')):
        if key in more:
            tags = [*more.texts(key), *tags]
            break
    own = set(_WORD.findall(_name(record).lower()))
    kept = []
    for tag in tags:
        words = _WORD.findall(tag.replace('_', ' ').lower())
        if words and not own & set(words):
            kept.append(' '.join(words))
    return tuple(dict.fromkeys(kept))


def find_files(folder: Path, kinds: Sequence[str]) -> dict[str, str]:
    """Find the files of emoji in a folder.

    Args:
        folder (Path): Folder with files that are named by code points.
        kinds (Sequence[str]): Roles of files by their first bytes, such as
            ``('video', 'animation')``; others are left out.

    Returns:
        dict[str, str]: Stem of each file, by the code of its emoji.

    Raises:
        AnnotationError: If there is no such folder or file, or if two files
            are of one emoji.
    """
    found: dict[str, str] = {}
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in paths:
        if not path.is_file() or not _is_code(path.stem):
            continue
        with path.open('rb') as file:
            if sniff(file.read(HEAD_BYTES)).role not in kinds:
                continue
        code = plain_code(path.stem)
        if found.setdefault(code, path.stem) != path.stem:
            raise AnnotationError(
                f'{folder}: {found[code]!r} and {path.stem!r} are one emoji. '
                'Remove one of them.'
            )
    if not found:
        raise AnnotationError(
            f'{folder} must be a folder with files of the kind '
            f'{" or ".join(kinds)}, named by code points such as 1f600, but '
            'there are none. Unpack the packages of docs/data/emoji.md there.'
        )
    return found


def _is_code(stem: str) -> bool:
    return re.fullmatch('[0-9a-fA-F]+(-[0-9a-fA-F]+)*', stem) is not None
