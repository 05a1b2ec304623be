# Copyright (c) clipbert_mm contributors.
r"""Write captions of animated emoji, and of stills of the same emoji.

Example::

    clipbert-mm convert emoji --names emojibase-data/en/data.json \
        --keywords emojilib/dist/emoji-en-US.json \
        --animations data/emoji/videos --stills data/emoji/stills \
        --out data/emoji/annotations

An animation is trained with its name. Four splits test other things:

- seen: trained animations and their names;
- unseen_combinations: one skin tone of each trained emoji that has skin
  tones. The emoji is trained with the other tones, the tone with other emoji;
- unseen_animations: emoji that are not trained at all, in all skin tones;
- unseen_wordings: trained animations and keywords that are in no name.

Stills of what is not trained are not in stills_train either. The order of
emoji is that of a hash, so the same files give the same splits.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from clipbert_mm.annotations.errors import AnnotationError

from .command_line import (
    add_output_options,
    command_parser,
    not_negative,
    positive,
    run,
)
from .conversion import Conversion
from .emoji_files import NUM_TONES, Emoji, find_files, read_emoji
from .split import Split

OFFICIAL_ANIMATIONS = 2109
TRAINED, COMBINATIONS, ANIMATIONS = (
    'trained',
    'unseen_combinations',
    'unseen_animations',
)
#: Splits of animations and of stills.
SPLITS = ('train', 'seen', COMBINATIONS, ANIMATIONS, 'unseen_wordings')
STILLS = ('stills_train', 'stills_test')

_UNSEEN = 10  # one emoji of so many is not trained at all
_MOST_WORDS = 8  # keywords in a caption of unseen_wordings
_LEAST_WORDS = 2


def convert(args: argparse.Namespace) -> Conversion:
    """Write the captions of all splits."""
    conversion = Conversion(args)
    names = [*SPLITS, *(STILLS if args.stills else ())]
    conversion.claim(*(f'{name}.jsonl' for name in names))
    emoji = read_emoji(args.names, args.keywords)
    conversion.add_source(args.names, len(emoji), 'emoji and skin tones')
    files = find_files(Path(args.animations), ('video', 'animation'))
    conversion.add_source(
        args.animations, len(files), 'animations', OFFICIAL_ANIMATIONS
    )
    bases = [one.base for one in emoji if one.code in files]
    kept = sorted(set(bases), key=rank)[: args.emoji or None]
    role = roles(kept)
    animated = [e for e in emoji if e.code in files and e.base in set(kept)]
    splits = _animation_splits(animated, files, role, args.gallery)
    if args.stills:
        splits += _still_splits(conversion, args.stills, emoji, role)
    train, _, combinations, unseen = splits[:4]
    conversion.check(
        splits,
        [(train, combinations), (train, unseen)]
        + ([(splits[5], splits[6])] if args.stills else []),
    )
    conversion.write()
    return conversion


def rank(text: str) -> str:
    """Return a key that sorts strings in an order without meaning.

    Args:
        text (str): A string.

    Returns:
        str: Hash of the string.

    Example:
        >>> sorted(('1f600', '1f601', '1f602'), key=rank)
        ['1f600', '1f602', '1f601']
    """
    return hashlib.sha256(text.encode()).hexdigest()


def roles(bases: Sequence[str]) -> Callable[[Emoji], str]:
    """Return the function that gives each emoji its part in the splits.

    Args:
        bases (Sequence[str]): Codes of emoji without skin tones, in the order
            of :func:`rank`.

    Returns:
        Callable[[Emoji], str]: From an emoji to ``'trained'``,
        ``'unseen_combinations'`` or ``'unseen_animations'``.

    Example:
        >>> role = roles(['1f44b'])
        >>> role(Emoji('1f44b', 'waving hand', '1f44b', 0, ()))
        'trained'
    """
    unseen = set(bases[: len(bases) // _UNSEEN])

    def role(emoji: Emoji) -> str:
        if emoji.base in unseen:
            return ANIMATIONS
        held_out = int(rank(emoji.base), 16) % NUM_TONES + 1
        return COMBINATIONS if emoji.tone == held_out else TRAINED

    return role


def _animation_splits(
    emoji: Sequence[Emoji],
    files: dict[str, str],
    role: Callable[[Emoji], str],
    gallery: int,
) -> list[Split]:
    """Return the splits of the animations, in the order of SPLITS."""
    of: dict[str, list[Emoji]] = {
        TRAINED: [],
        COMBINATIONS: [],
        ANIMATIONS: [],
    }
    for one in emoji:
        of[role(one)].append(one)
    worded = [
        one._replace(name=', '.join(one.words[:_MOST_WORDS]))
        for one in of[TRAINED]
        if len(one.words) >= _LEAST_WORDS
    ]
    tested = (of[TRAINED], of[COMBINATIONS], of[ANIMATIONS], worded)
    splits = [Split('train', _rows(of[TRAINED], files))]
    for name, part in zip(SPLITS[1:], tested):
        part = sorted(part, key=lambda one: rank(one.code))
        splits.append(Split(name, _rows(part[: gallery or None], files)))
    return splits


def _still_splits(
    conversion: Conversion,
    folder: str,
    emoji: Sequence[Emoji],
    role: Callable[[Emoji], str],
) -> list[Split]:
    """Return the splits of the stills, of every designer."""
    train, test = (Split(name, []) for name in STILLS)
    designers = sorted(p for p in Path(folder).glob('*') if p.is_dir())
    if not designers:
        raise AnnotationError(
            f'{folder} must have a folder of images for each designer, such '
            'as twitter/1f600.png, but there is none. Copy the packages of '
            'docs/data/emoji.md there.'
        )
    for designer in designers:
        files = find_files(designer, ('image',))
        conversion.add_source(str(designer), len(files), 'stills')
        names = {k: f'{designer.name}/{stem}' for k, stem in files.items()}
        here = [one for one in emoji if one.code in files]
        for split, trained in ((train, True), (test, False)):
            part = [e for e in here if (role(e) == TRAINED) == trained]
            split.rows += _rows(part, names)
    for split in (train, test):
        for number, row in enumerate(split.rows):
            row['sen_id'] = number
    return [train, test]


def _rows(emoji: Iterable[Emoji], files: dict[str, str]) -> list[dict]:
    return [
        dict(caption=one.name, clip_name=files[one.code], sen_id=number)
        for number, one in enumerate(emoji)
    ]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_parser(__doc__)
    parser.add_argument(
        '--names', required=True, help='en/data.json of emojibase-data'
    )
    parser.add_argument(
        '--keywords', required=True, help='dist/emoji-en-US.json of emojilib'
    )
    parser.add_argument(
        '--animations',
        required=True,
        help='folder of videos or animations named by code points',
    )
    parser.add_argument(
        '--stills', help='folder with a folder of images for each designer'
    )
    parser.add_argument(
        '--emoji',
        type=positive,
        help='number of animated emoji to keep, each in all its skin tones, '
        'for a short training. Default: all',
    )
    parser.add_argument(
        '--gallery',
        type=not_negative,
        default=100,
        help='animations of a test split, as all pairs are scored; 0 for all '
        '(default: %(default)s)',
    )
    add_output_options(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the converter."""
    return run(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
