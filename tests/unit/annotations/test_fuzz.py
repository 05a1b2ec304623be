# Copyright (c) clipbert_mm contributors.
"""Mutated annotation files: a right result, or an error with its place.

The seed of the mutations and their number, over all targets, are taken from
``FUZZ_SEED`` and ``FUZZ_INPUTS``::

    FUZZ_SEED=1 FUZZ_INPUTS=100000 pytest tests/unit/annotations/test_fuzz.py
"""

import json
import os
import random
import re
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from clipbert_mm.annotations.answer_vocabulary import read_vocabulary
from clipbert_mm.annotations.captions import read_captions, read_negatives
from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.official.split import read_media
from clipbert_mm.annotations.questions import read_questions
from tests.toolbox.converting import load_converter, write

from .official import (
    test_activitynet,
    test_coco_vg,
    test_didemo,
    test_easy_vqa,
    test_emoji,
    test_msrvtt,
    test_msrvtt_retrieval,
    test_tgif_qa,
    test_vqa,
)

SEED = int(os.environ.get('FUZZ_SEED', '0'))
INPUTS = int(os.environ.get('FUZZ_INPUTS', '2000'))

# Values that a file of the format should not have, or not there.
ODD = [
    *('null', 'true', '-1', '0', '1e999', 'NaN', '-Infinity', '0.5', '1e3'),
    *('""', '" "', '"a"', '"\\ud800"', '"\\u0000"', '"\\u2028"', '"{}"'),
    *('[]', '{}', '[[]]', '[1]', '["a"]', '{"a": 1}', '{"a": 1, "a": 2}'),
    *('"' + 'x' * 300 + '"', '7' * 5000, '-' + '7' * 4300, '"video0.mp4"'),
    *('[' * 5000, '{"a":' * 5000, '[' * 60 + ']' * 60, '[' * 90 + ']' * 90),
    *(
        '"',
        '\\',
        '\t',
        '\n',
        '\r',
        '\0',
        ',',
        ':',
        '\ufeff',
        '\u2028',
        '\uff11',
    ),
    *('{0.a}', '.mp4', '.', '..', '\ud7ff', '"caption"', '1_0', '\u0663'),
]
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\w.+-]+|\s|.', re.DOTALL)

CAPTION = dict(caption='a man', clip_name='video0', sen_id=3)
PARAGRAPH = dict(CAPTION, caption_list=['a', 'man'], timestamps=[[0, 1.5]])
OPEN = dict(question='who ?', answer='man', video_id='v0', qid=1)
CHOICE = dict(question='who ?', options=['a', 'b'], answer=1, gif_name='g')
COUNT = dict(question='how ?', answer=3, gif_name='g', question_id='COUNT3')
SOFT = dict(question='who ?', labels={'man': 0.3, 'dog': 1}, image_id='i')


def json_lines(*rows: dict) -> str:
    return ''.join(f'{json.dumps(row)}\n' for row in rows)


# Reader, suffix and content of each kind of file that datasets read.
READERS: dict[str, tuple[Callable, str, str]] = {
    'captions': (
        read_captions,
        '.jsonl',
        json_lines(CAPTION, dict(PARAGRAPH, sen_id=4)),
    ),
    'captions_of_images': (
        read_captions,
        '.json',
        json_lines(dict(coco_id=1, caption='a'), dict(vg_id=2, caption='b')),
    ),
    'captions_as_a_list': (
        read_captions,
        '.json',
        json.dumps(
            [dict(video='v0.mp4', caption='a'), dict(video='b', caption=['c'])]
        ),
    ),
    'captions_as_a_mapping': (
        read_captions,
        '.json',
        json.dumps({'v0.mp4': ['a', 'b'], 'v1.mp4': ['c']}, indent=1),
    ),
    'negatives': (
        read_negatives,
        '.jsonl',
        json_lines(
            dict(sen_id=3, negatives=[8, 21]), dict(sen_id=8, negatives=['a'])
        ),
    ),
    'vocabulary': (
        read_vocabulary,
        '.json',
        json.dumps({'man': 0, 'dog': 1, '': 2}, indent=1),
    ),
    'media': (
        partial(read_media, media_key='clip_name'),
        '.jsonl',
        json_lines(CAPTION, OPEN),
    ),
    **{
        f'questions_{name}': (
            partial(read_questions, answer_format=name),
            '.jsonl',
            json_lines(row, dict(row, question='why ?', **own)),
        )
        for name, row, own in (
            ('open', OPEN, dict(qid=2)),
            ('choice', CHOICE, {}),
            ('count', COUNT, dict(question_id='COUNT4')),
            ('soft', SOFT, {}),
        )
    },
}


def tgif_options(folder: Path) -> list[str]:
    return test_tgif_qa.action_options(folder, gifs=10)


def frameqa_options(folder: Path) -> list[str]:
    train, test = (
        test_tgif_qa.table(
            test_tgif_qa.FRAMEQA,
            *(
                f'{part}{i}\twho ?\t{answer}\t0\tFRAMEQA{i}\t{i}\ta man'
                for i, answer in enumerate(['cat', 'dog'] * 5)
            ),
        )
        for part in ('a', 'b')
    )
    return test_tgif_qa.options(folder, 'frameqa', train, test)


def qa_options(folder: Path) -> list[str]:
    arguments = ['qa', '--out', str(folder / 'out')]
    for number, part in enumerate(('train', 'val', 'test')):
        rows = [
            dict(question='who ?', answer='man', id=own, video_id=number)
            for own in (2 * number, 2 * number + 1)
        ]
        path = write(folder / f'{part}_qa.json', rows)
        arguments += [f'--{part}', path]
    return arguments


def mc_options(folder: Path) -> list[str]:
    rows = [test_msrvtt.mc('v7.mp4', 2), test_msrvtt.mc('v8.mp4', 4)]
    return [
        *('mc', '--test', write(folder / 'mc.json', rows)),
        *('--train', write(folder / 'train.jsonl', json_lines(CAPTION))),
        *('--out', str(folder / 'out')),
    ]


def emoji_options(folder: Path) -> list[str]:
    (folder / 'webp').mkdir()
    test_emoji.write_animation(folder / 'first.webp')
    content = (folder / 'first.webp').read_bytes()
    for code in test_emoji.PEOPLE[:11]:
        for end in ('', '-1F3FB', '-1F3FC', '-1F3FD', '-1F3FE', '-1F3FF'):
            (folder / 'webp' / f'{code}{end}.webp').write_bytes(content)
    return test_emoji.options(
        folder, test_emoji.names()[:11], test_emoji.keywords()
    )


def vqa_options(folder: Path) -> list[str]:
    return test_vqa.options(folder, '--min-count', '1')


# Dataset, command line and answer format (None: captions) of each converter.
CONVERTERS: dict[str, tuple[str, Callable[[Path], list[str]], str | None]] = {
    'activitynet': ('activitynet', test_activitynet.anet_options, None),
    'coco_vg': ('coco_vg', test_coco_vg.options, None),
    'didemo': ('didemo', test_didemo.didemo_options, None),
    'easy_vqa': ('easy_vqa', test_easy_vqa.options, 'open'),
    'emoji': ('emoji', emoji_options, None),
    'msrvtt_retrieval': ('msrvtt', test_msrvtt_retrieval.options, None),
    'msrvtt_qa': ('msrvtt', qa_options, 'open'),
    'msrvtt_mc': ('msrvtt', mc_options, 'choice'),
    'tgif_action': ('tgif_qa', tgif_options, 'choice'),
    'tgif_frameqa': ('tgif_qa', frameqa_options, 'open'),
    'vqa': ('vqa', vqa_options, 'soft'),
}
PER_TARGET = -(-INPUTS // (len(READERS) + len(CONVERTERS)))


def mutate(rng: random.Random, content: bytes) -> bytes:
    """Change one to three tokens, or bytes, of a file."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if rng.random() < 0.3:
            content = _mutate_parts(
                rng, [bytes([byte]) for byte in content], rng.randbytes(1)
            )
        else:
            tokens = TOKEN.findall(content.decode('utf-8', 'replace'))
            content = _mutate_parts(
                rng,
                [token.encode() for token in tokens],
                rng.choice(ODD).encode(),
            )
    return content


def _mutate_parts(rng: random.Random, parts: list[bytes], odd: bytes) -> bytes:
    start = rng.randrange(len(parts) + 1)
    end = min(len(parts), start + rng.choice((1, 1, 1, 2, 5, 20)))
    other = rng.randrange(len(parts) + 1)
    middle = rng.choice(
        (
            [odd],
            [odd],
            [odd, *parts[start:end]],
            [],
            parts[start:end] * 2,
            parts[other : other + end - start],
        )
    )
    return b''.join([*parts[:start], *middle, *parts[end:]])


def attempt(read: Callable, argument: object) -> tuple[object, str]:
    """Return the result, or None and the message of an annotation error."""
    try:
        return read(argument), ''
    except AnnotationError as error:
        return None, str(error)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder in memory if there is one: most time is writing."""
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


@pytest.mark.parametrize('name', READERS)
def test_reader(name: str, folder: Path) -> None:
    read, suffix, content = READERS[name]
    path = folder / f'a{suffix}'
    path.write_text(content)
    assert read(str(path))
    rng = random.Random(f'{SEED} {name}')
    for _ in range(PER_TARGET):
        path.write_bytes(mutate(rng, content.encode()))
        result, message = attempt(read, str(path))
        assert result is not None or re.match(rf'{path}:\d+: ', message)
        assert f'{result}{message}'.encode()  # it can be printed


@pytest.mark.parametrize('name', CONVERTERS)
def test_converter(name: str, folder: Path) -> None:
    dataset, options, answer_format = CONVERTERS[name]
    module = load_converter(dataset)
    arguments = [*options(folder), '--overwrite']
    files = [Path(a) for a in arguments if Path(a).is_file()]
    contents = [path.read_bytes() for path in files]
    args = module.parse_args(arguments)
    convert = converter_of(module, args)
    convert(args)
    rng = random.Random(f'{SEED} {name}')
    for _ in range(PER_TARGET):
        index = rng.randrange(len(files))
        files[index].write_bytes(mutate(rng, contents[index]))
        conversion, message = attempt(convert, args)
        assert (conversion.report() if conversion else message).encode()
        if conversion:
            check_written(folder / 'out', answer_format)
        files[index].write_bytes(contents[index])


def converter_of(module: ModuleType, args: object) -> Callable:
    """Return the function that a converter's main runs."""
    if hasattr(args, 'convert'):
        return args.convert
    return getattr(module, 'convert', None) or module.convert_captions


def check_written(folder: Path, answer_format: str | None) -> None:
    """Check that the datasets read what a converter wrote."""
    for path in folder.glob('*.jsonl'):
        if answer_format is None:
            assert read_captions(str(path))
        else:
            assert read_questions(str(path), answer_format)
    for path in folder.glob('*vocabulary.json'):
        assert read_vocabulary(str(path))
