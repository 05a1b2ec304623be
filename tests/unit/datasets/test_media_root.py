# Copyright (c) clipbert_mm contributors.
"""Tests of media that lie outside of the folder of a dataset."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.datasets import (
    ImageTextPretrain,
    VideoQuestionAnswering,
    VideoTextRetrieval,
)
from tests.toolbox.http_servers import serve_nothing
from tests.toolbox.media import pipeline, write_lines, write_lmdb, write_video

KINDS = {
    'retrieval': VideoTextRetrieval,
    'questions': VideoQuestionAnswering,
    'pretraining': ImageTextPretrain,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Videos inside and outside of the folder ``data/videos``."""
    (tmp_path / 'data' / 'videos').mkdir(parents=True)
    for name in ('data/videos/in.mp4', 'data/videos/in2.mp4', 'out.mp4'):
        write_video(tmp_path / name, num_frames=8)
    return tmp_path


def dataset_of(
    kind: str,
    folder: Path,
    names: list[str],
    vocab_dir: str,
    args: dict | None = None,
    **options: Any,
) -> Any:
    """A dataset of some names, from the second line on."""
    steps = pipeline(vocab_dir)
    steps[0]['backend_args'] = args
    labels = 'answer_labels' if kind == 'questions' else 'text_labels'
    steps[-1].update(algorithm_keys=(labels,))
    names = ['in', *names]
    if kind == 'questions':
        options.update(answers=dict(format='open', vocabulary=['dog']))
        records = [
            dict(video_id=name, question='what?', answer='dog')
            for name in names
        ]
    else:
        records = [dict(clip_name=n, caption=f'a {n}') for n in names]
    settings: dict[str, Any] = dict(
        ann_file=write_lines(folder / 'data' / 'a.jsonl', records),
        data_prefix=dict(video=str(folder / 'data' / 'videos')),
        pipeline=steps,
        media_suffix='.mp4',
    )
    return KINDS[kind](**{**settings, **options})


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize(
    'name, reason',
    [
        ('../../out.mp4', "leaves the folder of the media, '.*/data/videos'"),
        ('a/../../../out', 'leaves the folder'),
        ('{}/out.mp4', "must be relative to .*, '.*/data/videos'"),
        ('http://127.0.0.1:9/a.mp4', 'is an address, and media are not'),
    ],
)
def test_names__outside(
    folder: Path, vocab_dir: str, kind: str, name: str, reason: str
) -> None:
    name = name.format(folder)
    with pytest.raises(
        AnnotationError,
        match=rf'/a\.jsonl:2: the medium {name!r} {reason}.* Correct '
        'data_prefix or the annotations, or set allow_outside=True',
    ):
        dataset_of(kind, folder, [name], vocab_dir)


@pytest.mark.parametrize('kind', KINDS)
def test_names__outside_are_allowed(
    folder: Path, vocab_dir: str, kind: str
) -> None:
    names = ['../../out.mp4', str(folder / 'out.mp4')]
    dataset = dataset_of(kind, folder, names, vocab_dir, allow_outside=True)
    for i in range(3):
        assert dataset[i]['inputs']['imgs'].any()


def test_names__nul_is_never_allowed(folder: Path, vocab_dir: str) -> None:
    for options in (
        dict(),
        dict(allow_outside=True),
        dict(data_prefix=dict(video='')),
    ):
        with pytest.raises(AnnotationError, match='a.jsonl:2.* has a NUL'):
            dataset_of('retrieval', folder, ['a\0.mp4'], vocab_dir, **options)


def test_names__several_media_each_with_its_line(
    folder: Path, vocab_dir: str
) -> None:
    names = ['in2', 'in', 'in2', '../x', 'in']
    with pytest.raises(AnnotationError, match='a.jsonl:5: the medium'):
        dataset_of('retrieval', folder, names, vocab_dir)


def test_names__of_an_mmaction_mapping(folder: Path, vocab_dir: str) -> None:
    path = folder / 'a.json'
    path.write_text('{"in.mp4": ["a", "b"],\n\n"../in.mp4": ["c", "d"]}')
    with pytest.raises(AnnotationError, match=r'a\.json:3: the medium'):
        dataset_of('retrieval', folder, [], vocab_dir, ann_file=str(path))


def test_names__anywhere_without_a_folder(
    folder: Path, vocab_dir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / 'data')
    names = [str(folder / 'out.mp4'), '../out', 'videos/in2']
    dataset = dataset_of(
        'retrieval', folder, names, vocab_dir, data_prefix=dict(video='')
    )
    for i in range(1, 4):
        assert dataset[i]['inputs']['imgs'].any()


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """Address of a server, and the paths that it was asked for."""
    with serve_nothing() as running:
        yield running


@pytest.mark.parametrize('prefix', ['', 'videos'])
@pytest.mark.parametrize('args', [None, dict(backend='http')])
def test_addresses__are_not_downloaded(
    folder: Path,
    vocab_dir: str,
    server: tuple[str, list[str]],
    prefix: str,
    args: dict | None,
) -> None:
    address, asked = server
    with pytest.raises(AnnotationError, match=f'{address}.* is an address'):
        dataset_of(
            'retrieval',
            folder,
            [f'{address}/a.mp4'],
            vocab_dir,
            args,
            data_prefix=dict(video=prefix),
        )
    assert not asked


def test_addresses__of_a_backend_that_the_config_names(
    folder: Path, vocab_dir: str, server: tuple[str, list[str]]
) -> None:
    """The folder is an address then; keys below it may have any form."""
    address, asked = server
    dataset = dataset_of(
        'retrieval',
        folder,
        ['a/../b'],
        vocab_dir,
        dict(backend='http'),
        data_prefix=dict(video=f'{address}/videos'),
        test_mode=True,
    )
    item = dataset[1]
    assert '404' in item['data_samples'].load_error
    assert asked


def test_lmdb__keys_are_no_paths(folder: Path, vocab_dir: str) -> None:
    content = (folder / 'out.mp4').read_bytes()
    path = write_lmdb(folder / 'lmdb', dict(out=content, **{'in': content}))
    dataset = dataset_of(
        'retrieval',
        folder,
        ['../../out', '/etc/out.mp4'],
        vocab_dir,
        dict(backend='lmdb', db_path=str(path)),
    )
    for i in range(3):
        assert dataset[i]['inputs']['imgs'].any()


@pytest.mark.parametrize('link', ['file', 'folder', 'absolute'])
def test_links__outside(folder: Path, vocab_dir: str, link: str) -> None:
    videos = folder / 'data' / 'videos'
    (videos / 'out.mp4').symlink_to('../../out.mp4')
    (videos / 'parent').symlink_to(folder, target_is_directory=True)
    name = dict(file='out', folder='parent/out', absolute='parent/out.mp4')
    options: dict[str, Any] = dict(kind='questions', names=[name[link]])
    tested = dataset_of(
        **options, folder=folder, vocab_dir=vocab_dir, test_mode=True
    )
    reason = tested[1]['data_samples'].load_error
    assert f"a link leads to '{folder}/out.mp4', outside of the fold" in reason
    assert f'named in {folder}/data/a.jsonl:2)' in reason
    assert 'set allow_outside=True' in reason
    allowed = dataset_of(
        **options, folder=folder, vocab_dir=vocab_dir, allow_outside=True
    )
    assert allowed[1]['inputs']['imgs'].any()


def test_links__outside_in_training_and_workers(
    folder: Path, vocab_dir: str, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / 'data' / 'videos' / 'out.mp4').symlink_to(folder / 'out.mp4')
    dataset = dataset_of(
        'retrieval',
        folder,
        ['out', 'in2'],
        vocab_dir,
        bad_media=dict(max_fraction=0.5),
    )
    dataset = pickle.loads(pickle.dumps(dataset))  # as for spawned workers
    used = {
        dataset[(0, epoch, 1)]['data_samples'].video_id for epoch in range(8)
    }
    assert used == {'in', 'in2'}
    assert dataset.bad_media.num_bad == 1


@pytest.mark.parametrize('end', ['', '/', '/.', '//'])
def test_links__of_the_folder_itself(
    folder: Path, vocab_dir: str, end: str
) -> None:
    (folder / 'link').symlink_to('data/videos')
    videos = folder / 'data' / 'videos'
    (videos / 'inner').symlink_to('.', target_is_directory=True)
    os.link(folder / 'out.mp4', videos / 'hard.mp4')
    dataset = dataset_of(
        'retrieval',
        folder,
        ['inner/in2', 'hard'],
        vocab_dir,
        data_prefix=dict(video=f'{folder}/link{end}'),
    )
    for i in range(3):
        assert dataset[i]['inputs']['imgs'].any()


def test_links__by_data_root_alone(folder: Path, vocab_dir: str) -> None:
    dataset = dataset_of(
        'retrieval',
        folder,
        ['../../out'],
        vocab_dir,
        data_root=str(folder),
        data_prefix=dict(video=''),
        lazy_init=True,
    )
    with pytest.raises(AnnotationError, match='a.jsonl:2.*leaves the folder'):
        dataset.full_init()
