# Copyright (c) clipbert_mm contributors.
"""Tests of finding media and of decoding their beginning."""

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from clipbert_mm.datasets.transforms import LoadImageClip, LoadVideo
from clipbert_mm.media.probe import (
    MediaProbe,
    Probe,
    find_missing,
)
from tests.toolbox.media import write_lmdb, write_video
from tests.toolbox.numbered_video import write_numbered


@pytest.fixture(scope='module')
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('probe')
    return write_video(folder / 'a.mp4', num_frames=9, fps=8, size=(64, 80))


def fail(results: dict) -> dict:
    raise ZeroDivisionError('of a later step\nand more')


@pytest.mark.parametrize(
    'decode, expected',
    [
        ('open', Probe(None, 9, 8, None)),
        ('first', Probe(None, 9, 8, (64, 80))),
        ('pipeline', Probe('ZeroDivisionError: of a later step', 9, 8, None)),
    ],
)
def test_probe__how_much_is_decoded(
    video: Path, decode: str, expected: Probe
) -> None:
    assert MediaProbe([LoadVideo(), fail], decode)(str(video)) == expected


def test_probe__steps_get_what_a_dataset_gives(video: Path) -> None:
    seen: list[dict] = []

    def look(results: dict) -> dict:
        seen.append(dict(results))
        return dict(original_shape=(3, 5))

    probe = MediaProbe([look], 'pipeline')(str(video))
    assert probe == Probe(None, None, None, (5, 3))
    (results,) = seen
    assert isinstance(results.pop('rng'), np.random.Generator)
    assert results == dict(filename=str(video), modality='RGB', start_index=0)


def test_probe__all_frames_of_a_video(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / 'a.mp4', 40, gop=15)
    steps = [LoadVideo(decoder='decord')]
    assert MediaProbe(steps, 'all')(str(path)) == Probe(None, 40, 25.0, None)
    content = bytearray(path.read_bytes())
    start, end = content.index(b'mdat'), content.index(b'moov')
    place = start + (end - start) * 9 // 10
    content[place : place + 300] = bytes(300)
    path.write_bytes(content)
    assert MediaProbe(steps, 'first')(str(path)).error is None
    error = MediaProbe(steps, 'all')(str(path)).error
    assert error is not None
    assert 'it is damaged: FFmpeg reports ' in error


def test_probe__all_of_an_image(tmp_path: Path) -> None:
    path = tmp_path / 'a.png'
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(path)
    probe = MediaProbe([LoadImageClip()], 'all')(str(path))
    assert probe == Probe(None, None, None, (64, 48))


@pytest.mark.parametrize('decode', ['open', 'first', 'pipeline', 'all'])
def test_probe__unreadable_and_missing(tmp_path: Path, decode: str) -> None:
    path = tmp_path / 'a.mp4'
    probe = MediaProbe([LoadVideo()], decode)
    assert probe(str(path)).error.startswith('FileNotFoundError: ')
    path.write_text('not a video')
    assert probe(str(path)).error.startswith('MediaError: cannot use ')


def test_probe__can_be_handed_to_a_process(video: Path) -> None:
    probe = MediaProbe([LoadVideo()], 'first')
    again = pickle.loads(pickle.dumps(probe))
    assert again(str(video)) == probe(str(video)) == (None, 9, 8, (64, 80))


def test_find_missing__on_a_disk(video: Path) -> None:
    folder = video.parent
    files = [str(video), str(folder), str(folder / 'b.mp4')]
    for step in (
        LoadVideo(),
        LoadImageClip(),
        LoadVideo(backend_args=dict(backend='local')),
        SimpleNamespace(io_backend='disk', kwargs={}),
    ):
        assert find_missing(step, files) == files[1:]


@pytest.mark.parametrize('ours', [True, False])
def test_find_missing__in_an_lmdb(ours: bool, tmp_path: Path) -> None:
    keys = dict(a=b'', b=b'') if ours else {'a.mp4': b'', 'b.webm': b''}
    path = str(write_lmdb(tmp_path / 'x.lmdb', keys))
    step: Any = SimpleNamespace(io_backend='lmdb', kwargs=dict(db_path=path))
    if ours:
        step = LoadVideo(backend_args=dict(backend='lmdb', db_path=path))
        files = ['a', 'v/a.mp4', 'b.webm', 'c', 'v/c.mp4']
        assert find_missing(step, files) == ['c', 'v/c.mp4']
    else:  # MMAction2's step takes the name, with a suffix
        files = ['a', 'a.mp4', 'b.webm', 'b', 'v/a.mp4']
        assert find_missing(step, files) == ['b', 'v/a.mp4']


def test_find_missing__elsewhere_and_nowhere(tmp_path: Path) -> None:
    step = SimpleNamespace(backend_args=dict(backend='petrel'))
    assert find_missing(step, ['a.mp4']) is None
    path = str(tmp_path / 'no.lmdb')
    step = SimpleNamespace(backend_args=dict(backend='lmdb', db_path=path))
    with pytest.raises(
        OSError,
        match=f"^The LMDB '{path}' cannot be opened: .*. Check db_path of "
        r'the first step of the pipeline.$',
    ):
        find_missing(step, ['a'])
    assert not (tmp_path / 'no.lmdb').exists()
