# Copyright (c) clipbert_mm contributors.
"""Tests of the converter of animated emoji."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from clipbert_mm.annotations.captions import read_captions
from clipbert_mm.annotations.official.emoji import rank, roles
from clipbert_mm.annotations.official.emoji_files import Emoji
from tests.toolbox.converting import lines, load_converter, write

converter = load_converter('emoji')

TONES = (
    'light',
    'medium-light',
    'medium',
    'medium-dark',
    'dark',
)
SPLITS = (
    'train',
    'seen',
    'unseen_combinations',
    'unseen_animations',
    'unseen_wordings',
)
# 20 emoji of people, each with five tones, and 10 without.
PEOPLE = [f'1F9{number:02X}' for number in range(0x20, 0x34)]
THINGS = [f'1F6{number:02X}' for number in range(10)]
# Names have words of letters.
LETTERS = 'abcdefghijklmnopqrst'


def names() -> list[dict]:
    """Return names in the form of emojibase-data."""
    rows: list[dict] = []
    for letter, code in zip(LETTERS, PEOPLE):
        skins: list[dict] = [
            dict(
                label=f'person {letter}{letter}: {word} skin tone',
                hexcode=f'{code}-1F3F{"BCDEF"[tone - 1]}',
                emoji='?',
                tone=tone,
            )
            for tone, word in enumerate(TONES, 1)
        ]
        skins.append(  # two people with two tones
            dict(label='two', hexcode=f'{code}-2', emoji='?', tone=[1, 2])
        )
        rows.append(
            dict(
                label=f'person {letter}{letter}',
                hexcode=code,
                emoji=chr(int(code, 16)),
                tags=['person', f'who {letter}x', f'tag{letter}'],
                skins=skins,
            )
        )
    rows += [
        dict(
            label=f'thing {letter}{letter}',
            hexcode=f'{code}-FE0F',
            emoji=chr(int(code, 16)) + '\ufe0f',
        )
        for letter, code in zip(LETTERS, THINGS)
    ]
    return rows


def keywords() -> dict[str, list[str]]:
    """Return keywords in the form of emojilib."""
    return {
        chr(int(code, 16)): ['thing', f'object_{letter}', f'tool {letter}t']
        for letter, code in zip(LETTERS, THINGS)
    }


def stems() -> list[str]:
    """Return the names of the animations."""
    tones = [f'{code}-1F3F{end}' for code in PEOPLE for end in 'BCDEF']
    found = [*PEOPLE, *tones, *(f'{code}-FE0F' for code in THINGS)]
    return [stem.lower() for stem in found]


def write_animation(path: Path, level: int = 0) -> None:
    frames = [
        Image.new('RGBA', (16, 16), (level, 40 * i, 0, 255 * (i % 2)))
        for i in range(3)
    ]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def options(folder: Path, names: Any, keywords: Any, *more: str) -> list[str]:
    return [
        *('--names', write(folder / 'names.json', names)),
        *('--keywords', write(folder / 'keywords.json', keywords)),
        *('--animations', str(folder / 'webp')),
        *('--out', str(folder / 'out')),
        *more,
    ]


@pytest.fixture(scope='module')
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write animations, a still among them, and stills of two designers."""
    folder = tmp_path_factory.mktemp('packages')
    (folder / 'webp').mkdir()
    write_animation(folder / 'first.webp')
    content = (folder / 'first.webp').read_bytes()
    for stem in stems():
        (folder / 'webp' / f'{stem}.webp').write_bytes(content)
    still = Image.new('RGBA', (16, 16))
    still.save(folder / 'webp' / '1f1e6.webp')  # not animated
    (folder / 'webp' / 'README.md').write_text('about')
    for designer in ('one', 'two'):
        (folder / 'stills' / designer).mkdir(parents=True)
        still.save(folder / 'still.png')
        for stem in stems():
            target = folder / 'stills' / designer / f'{stem}.png'
            target.write_bytes((folder / 'still.png').read_bytes())
    return folder


@pytest.fixture(scope='module')
def rows(packages: Path) -> dict[str, list[dict]]:
    """Convert everything, and return the rows of each split."""
    arguments = options(packages, names(), keywords(), '--gallery', '0')
    stills = ['--stills', str(packages / 'stills')]
    assert converter.main([*arguments, *stills]) == 0
    return {p.stem: lines(p) for p in (packages / 'out').glob('*.jsonl')}


def tone_of(row: dict) -> str:
    found = re.search('(?<=: ).*(?= skin tone)', row['caption'])
    return found.group() if found else ''


def base_of(row: dict) -> str:
    return re.sub('-1f3f[b-f]', '', row['clip_name'])


def test_splits__have_every_animation_once(
    rows: dict[str, list[dict]],
) -> None:
    parts = ('train', 'unseen_combinations', 'unseen_animations')
    found = [row['clip_name'] for part in parts for row in rows[part]]
    assert sorted(found) == sorted(stems())
    assert len(rows['unseen_animations']) >= 3  # a tenth of 30, and tones
    train = {(row['clip_name'], row['caption']) for row in rows['train']}
    assert {(r['clip_name'], r['caption']) for r in rows['seen']} == train


def test_combinations__are_unseen_of_seen_parts(
    rows: dict[str, list[dict]],
) -> None:
    trained = rows['train']
    bases = {base_of(row) for row in trained}
    tones = {tone_of(row) for row in trained}
    pairs = {(base_of(row), tone_of(row)) for row in trained}
    assert len(rows['unseen_combinations']) == len(
        {base for base, tone in pairs if tone}
    )  # one of each
    for row in rows['unseen_combinations']:
        assert base_of(row) in bases
        assert tone_of(row) in tones - {''}
        assert (base_of(row), tone_of(row)) not in pairs


def test_unseen_animations__share_no_emoji(
    rows: dict[str, list[dict]],
) -> None:
    trained = {base_of(row) for row in rows['train']}
    unseen = {base_of(row) for row in rows['unseen_animations']}
    assert unseen
    assert not unseen & trained


def test_unseen_wordings__have_no_word_of_a_name(
    rows: dict[str, list[dict]],
) -> None:
    trained = {row['clip_name']: row['caption'] for row in rows['train']}
    assert rows['unseen_wordings']
    for row in rows['unseen_wordings']:
        name = trained[row['clip_name']]
        assert not set(name.split()) & set(
            re.findall('[a-z]+', row['caption'])
        )
    captions = {row['caption'] for row in rows['unseen_wordings']}
    assert captions & {f'object {x}, tool {x}t' for x in LETTERS[:10]}


def test_stills__of_what_is_not_trained_are_apart(
    rows: dict[str, list[dict]],
) -> None:
    trained = {row['clip_name'] for row in rows['train']}
    for split, expected in (
        ('train', trained),
        ('test', set(stems()) - trained),
    ):
        found = [row['clip_name'] for row in rows[f'stills_{split}']]
        assert sorted(found) == sorted(
            f'{designer}/{stem}'
            for designer in ('one', 'two')
            for stem in expected
        )


def test_files__are_those_that_datasets_read(
    packages: Path, rows: dict[str, list[dict]]
) -> None:
    captions = read_captions(str(packages / 'out' / 'train.jsonl'))
    assert [c.text for c in captions] == [r['caption'] for r in rows['train']]
    assert len({caption.caption_id for caption in captions}) == len(captions)


def test_emoji_and_gallery__are_fewer_of_the_same(
    packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    arguments = options(packages, names(), keywords())[:-1]
    few = ['--emoji', '10', '--gallery', '4']
    reports = []
    for out in ('a', 'b'):
        assert converter.main([*arguments, str(tmp_path / out), *few]) == 0
        reports.append(capsys.readouterr().out)
    for split in SPLITS:
        name = f'{split}.jsonl'
        assert (tmp_path / 'a' / name).read_bytes() == (
            tmp_path / 'b' / name
        ).read_bytes()
        if split != 'train':
            assert len(lines(tmp_path / 'a' / name)) <= 4
    parts = [lines(tmp_path / 'a' / f'{split}.jsonl') for split in SPLITS]
    assert len({base_of(row) for part in parts for row in part}) == 10
    assert 'the official file has 2,109' in reports[0]


def test_roles__do_not_change_with_what_is_trained() -> None:
    emoji = Emoji('1f44b-1f3fb', 'a', '1f44b', 1, ())
    few = sorted(['1f44b', '1f44c'], key=rank)
    assert roles(few)(emoji) == roles([])(emoji)


def bad(place: int, **values: Any) -> list[dict]:
    found = json.loads(json.dumps(names()))
    found[place].update(values)
    return found


@pytest.mark.parametrize(
    'names, keywords, message',
    [
        (dict(a=1), {'a': []}, 'expected a list'),
        (bad(0, label=''), {'a': []}, '"label" must be a non-empty string'),
        (bad(0, tags=[1]), {'a': []}, '"tags".0. must be a non-empty string'),
        (bad(0, skins=[dict(tone=6)]), {'a': []}, r'must be .*in \[1, 5\]'),
        (names(), [], 'there are no records'),
        (names(), {chr(int(PEOPLE[0], 16)): 1}, 'must be a list'),
    ],
)
def test_emoji__files_of_another_form(
    names: Any,
    keywords: Any,
    message: str,
    packages: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    (tmp_path / 'webp').symlink_to(packages / 'webp')
    assert converter.main(options(tmp_path, names, keywords)) == 1
    error = capsys.readouterr().err
    assert re.search(message, error), error
    assert not (tmp_path / 'out' / 'train.jsonl').exists()


def test_emoji__folders_without_files(
    packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / 'webp').mkdir()
    arguments = options(tmp_path, names(), keywords())
    assert converter.main(arguments) == 1
    assert 'named by code points such as 1f600' in capsys.readouterr().err
    (tmp_path / 'webp').rmdir()
    (tmp_path / 'webp').symlink_to(packages / 'webp')
    stills = ['--stills', str(tmp_path / 'webp')]
    assert converter.main([*arguments, *stills]) == 1
    assert 'a folder of images for each designer' in capsys.readouterr().err
