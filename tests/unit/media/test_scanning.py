# Copyright (c) clipbert_mm contributors.
"""Tests of the search for damage in whole files."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clipbert_mm.media import scanning
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.limits import LimitError, MediaLimits
from clipbert_mm.media.opening import open_video
from clipbert_mm.media.scanning import check_undamaged, find_damage
from tests.toolbox.damage import damage, decode_in_order
from tests.toolbox.media import write_lmdb
from tests.toolbox.numbered_video import number_of, write_numbered


@pytest.fixture(scope='module')
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('scanning')
    return write_numbered(folder / 'a.mp4', 40, gop=15)


@pytest.fixture(scope='module')
def late(intact: Path) -> Path:
    """A video whose last frames are damaged."""
    content = bytearray(intact.read_bytes())
    start = content.index(b'mdat') + 4
    place = start + (content.index(b'moov') - start) * 9 // 10
    content[place : place + 300] = bytes(300)
    path = intact.with_name('late.mp4')
    path.write_bytes(content)
    assert decode_in_order(path).flagged
    return path


@pytest.mark.parametrize('decoder', ['pyav', 'decord', 'torchcodec'])
def test_open_video__scan_finds_damage_of_other_frames(
    late: Path, decoder: str
) -> None:
    with open_video(late, decoder=decoder) as reader:
        assert number_of(reader.get_batch([7]).asnumpy()[0]) == 7
    for _ in range(2):  # the second time from memory
        with pytest.raises(
            MediaError,
            match=r"late.mp4': it is damaged: FFmpeg reports .* after \d+ "
            "frames; copy or download it again, or set on_damage='use'",
        ):
            open_video(late, decoder=decoder, on_damage='scan')


@pytest.mark.parametrize('decoder', ['pyav', 'decord', 'torchcodec'])
def test_open_video__scan_changes_nothing_of_an_intact_file(
    intact: Path, decoder: str
) -> None:
    inds = [39, 3, 33]
    with open_video(intact, decoder=decoder, on_damage='scan') as reader:
        assert [number_of(f) for f in reader.get_batch(inds).asnumpy()] == inds


def test_open_video__scan_of_a_database(
    intact: Path, late: Path, tmp_path: Path
) -> None:
    lmdb = write_lmdb(
        tmp_path / 'a.lmdb', {p.stem: p.read_bytes() for p in (intact, late)}
    )
    options = dict(backend='lmdb', db_path=str(lmdb))
    open_video('a.mp4', on_damage='scan', backend_args=options).close()
    with pytest.raises(MediaError, match='late.mp4.: it is damaged'):
        open_video('late.mp4', on_damage='scan', backend_args=options)


def write_animation(path: Path) -> Path:
    rng = np.random.default_rng(0)
    first, *others = [
        Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8))
        for _ in range(8)
    ]
    first.save(path, save_all=True, append_images=others, duration=40)
    return path


@pytest.mark.parametrize('name', ['a.gif', 'a.webp'])
def test_open_video__scan_of_an_animation(tmp_path: Path, name: str) -> None:
    path = write_animation(tmp_path / name)
    with open_video(path, on_damage='scan') as reader:
        assert reader.get_batch([7]).asnumpy().shape == (1, 48, 64, 3)


def test_open_video__scan_of_a_damaged_gif(tmp_path: Path) -> None:
    path = write_animation(tmp_path / 'a.gif')
    content = bytearray(path.read_bytes())
    place = len(content) * 11 // 12  # of the last image
    content[place : place + 200] = b'\xff' * 200
    path.write_bytes(content)
    with open_video(path) as reader:
        reader.get_batch([0])
    with pytest.raises(MediaError, match='gif: LZW decode failed" after 8 fr'):
        open_video(path, on_damage='scan')


def test_check_undamaged__decodes_a_file_once(
    intact: Path,
    late: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / 'a.mp4'
    path.write_bytes(intact.read_bytes())
    found: list[str] = []

    def count(*args: object) -> str:
        found.append(find_damage(*args))
        return found[-1]

    monkeypatch.setattr(scanning, 'find_damage', count)
    for _ in range(3):
        with open(path, 'rb', buffering=0) as file:
            check_undamaged(file, str(path))
    assert found == ['']
    path.write_bytes(late.read_bytes())
    with (
        open(path, 'rb', buffering=0) as file,
        pytest.raises(MediaError, match='it is damaged'),
    ):
        check_undamaged(file, str(path))
    assert len(found) == 2


def test_find_damage__within_the_limits(intact: Path) -> None:
    file = io.BytesIO(intact.read_bytes())
    with pytest.raises(LimitError, match='40 frames or more, above the lim'):
        find_damage(file, 'a.mp4', MediaLimits(frames=39))


def test_find_damage__no_video() -> None:
    report = find_damage(io.BytesIO(b'no video' * 100), 'a.mp4')
    assert report.startswith('FFmpeg reports ')


@pytest.mark.slow
@pytest.mark.parametrize(
    'name, options',
    [
        ('a.ts', dict(gop=15)),
        ('a.mkv', dict(gop=15)),
        ('a.avi', dict(codec='mpeg4', gop=15)),
        ('a.webm', {'codec': 'libvpx-vp9', 'gop': 15, 'cpu-used': '8'}),
        ('a.mpg', dict(codec='mpeg2video', gop=12, bf='2')),
    ],
)
def test_find_damage__whatever_ffmpeg_reports(
    tmp_path: Path, name: str, options: dict
) -> None:
    source = write_numbered(tmp_path / name, 60, **options)
    assert find_damage(io.BytesIO(source.read_bytes()), name) == ''
    flagged = 0
    for kind in ('flip', 'zero', 'drop', 'junk'):
        for seed in range(5):
            path = damage(source, tmp_path / f'damaged.{name}', kind, seed)
            if decode_in_order(path).flagged:
                flagged += 1
                report = find_damage(io.BytesIO(path.read_bytes()), name)
                assert report, (kind, seed)
    assert flagged > 10


def test_find_damage__of_a_webp(tmp_path: Path) -> None:
    path = write_animation(tmp_path / 'a.webp')
    content = path.read_bytes()
    assert find_damage(io.BytesIO(content), 'a.webp') == ''
    report = find_damage(io.BytesIO(content[: len(content) // 2]), 'a.webp')
    assert report.startswith('Pillow cannot decode frame ')
