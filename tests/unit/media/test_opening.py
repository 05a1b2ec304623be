# Copyright (c) clipbert_mm contributors.
"""Tests of all decoders, against each other and the numbers in frames."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from clipbert_mm.datasets import SparseClipSampler
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.frame_size import long_side_shape
from clipbert_mm.media.opening import (
    available_decoders,
    open_video,
    read_image,
    reader_class,
)
from clipbert_mm.media.video_reader import VideoReader
from tests.toolbox.media import index_of, write_gif, write_sound, write_video
from tests.toolbox.numbered_video import number_of, write_numbered

DECODER_PARAMS = [
    pytest.param(
        name, marks=pytest.mark.skipif(bool(reason), reason=reason or 'none')
    )
    for name, reason in available_decoders().items()
]
OTHERS = [p for p in DECODER_PARAMS if p.values != ('decord',)]
VARYING = np.cumsum([0] + [40, 40, 80, 120, 40, 500] * 20).tolist()[:120]
FILES: dict[str, dict[str, Any]] = {
    'h264.mp4': dict(),  # B-frames that others depend on, one key frame
    'gops.mp4': dict(gop=25),
    'no_b_frames.mp4': dict(bf='0', gop=30),
    'only_key_frames.mp4': dict(gop=1),
    'many_b_frames.mp4': {'gop': 40, 'bf': '8', 'b-pyramid': 'strict'},
    'varying.mp4': dict(milliseconds=VARYING, gop=20),
    'late.mp4': dict(milliseconds=[700 + 40 * i for i in range(120)]),
    'h264.mkv': dict(gop=25),
    'h264.ts': dict(gop=25),
    'mpeg4.mp4': dict(codec='mpeg4', gop=25, bf='2'),
}
# decord 0.6 loses the first key frame of MPEG-TS, and takes MPEG-4's B-frames
# for their neighbours.
REFUSED_WITH_DECORD = {
    'h264.ts': 'decord cannot seek in MPEG-TS',
    'mpeg4.mp4': 'decord takes its B-frames for their neighbours',
}
PLACES = [3, 117, 40, 41, 40, 0, 77, 119, 78, 64]


@pytest.fixture(scope='module')
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('numbered')
    for name, options in FILES.items():
        write_numbered(folder / name, 120, **options)
    return folder


def item_of(reader: VideoReader, seed: int) -> dict:
    return dict(
        filename='a.mp4',
        video_reader=reader,
        total_frames=len(reader),
        avg_fps=reader.get_avg_fps(),
        rng=np.random.default_rng(seed),
    )


def numbers(frames: np.ndarray) -> list[int]:
    return [number_of(frame) for frame in frames]


@pytest.mark.parametrize('name', FILES)
@pytest.mark.parametrize('decoder', DECODER_PARAMS)
def test_decoder__frames_in_any_order(
    files: Path, decoder: str, name: str
) -> None:
    if decoder == 'decord' and name in REFUSED_WITH_DECORD:
        with pytest.raises(MediaError, match=REFUSED_WITH_DECORD[name]):
            open_video(files / name, decoder=decoder)
        return
    if (decoder, name) == ('torchcodec', 'h264.ts'):
        with pytest.raises(MediaError, match='torchcodec cannot seek in MPEG'):
            open_video(files / name, decoder=decoder)
        return
    reader = open_video(files / name, decoder=decoder)
    assert len(reader) == 120
    for inds in (PLACES, sorted(set(PLACES)), [119], [0, 1, 2], PLACES[::-1]):
        assert numbers(reader.get_batch(inds).asnumpy()) == inds


@pytest.mark.parametrize(
    'name', [n for n in FILES if n not in REFUSED_WITH_DECORD]
)
@pytest.mark.parametrize('decoder', OTHERS)
def test_decoder__is_decords_equal(
    files: Path, decoder: str, name: str
) -> None:
    """The clips, their times and pixels do not depend on the decoder."""
    expected, got = (
        open_video(files / name, decoder=d) for d in ('decord', decoder)
    )
    assert got.get_avg_fps() == expected.get_avg_fps()
    np.testing.assert_array_equal(
        *(
            reader.get_frame_timestamp(np.arange(120))[:, 0]
            for reader in (got, expected)
        )
    )
    for mode, seed in (('uniform', 0), ('random', 1), ('random', 2)):
        sampler = SparseClipSampler(2, 8, target_fps=2, mode=mode)
        inds = [
            sampler(item_of(reader, seed))['frame_inds']
            for reader in (got, expected)
        ]
        np.testing.assert_array_equal(*inds)
    np.testing.assert_array_equal(
        *(reader.get_batch(inds[0]).asnumpy() for reader in (got, expected))
    )


@pytest.mark.parametrize('threads', [0, 2])
@pytest.mark.parametrize('decoder', DECODER_PARAMS)
def test_decoder__with_threads(
    files: Path, decoder: str, threads: int
) -> None:
    reader = open_video(
        files / 'h264.mp4', decoder=decoder, num_threads=threads
    )
    assert numbers(reader.get_batch(PLACES).asnumpy()) == PLACES


@pytest.mark.parametrize('decoder', DECODER_PARAMS)
def test_decoder__without_time_stamps(tmp_path: Path, decoder: str) -> None:
    """An AVI has only the decoding order; frames are counted."""
    path = write_numbered(tmp_path / 'a.avi', 60, codec='mpeg4', gop=12)
    reader = open_video(path, decoder=decoder)
    inds = [50, 3, 13, 59, 12]
    assert numbers(reader.get_batch(inds).asnumpy()) == inds


@pytest.mark.parametrize('size', [64, 160, 224])
@pytest.mark.parametrize('decoder', DECODER_PARAMS)
def test_decode_size__same_frames_at_the_size(
    files: Path, decoder: str, size: int
) -> None:
    reader = open_video(files / 'gops.mp4', decoder=decoder, decode_size=size)
    got = reader.get_batch(PLACES).asnumpy()
    assert got.shape == (10, *long_side_shape(48, 160, size), 3)
    assert numbers(got) == PLACES


@pytest.mark.parametrize('decoder', DECODER_PARAMS)
def test_decoder__files_that_are_no_video(
    tmp_path: Path, decoder: str
) -> None:
    text = tmp_path / 'text.mp4'
    text.write_text('not a video')
    for path in (text, write_sound(tmp_path / 'sound.mp4')):
        with pytest.raises(MediaError, match=f"cannot use '.*/{path.name}'"):
            open_video(path, decoder=decoder)


@pytest.mark.parametrize('decoder', OTHERS)
def test_decoder__a_file_that_ends_early(
    files: Path, tmp_path: Path, decoder: str
) -> None:
    path = tmp_path / 'cut.mkv'
    content = (files / 'h264.mkv').read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(MediaError, match='File ended prematurely'):
        open_video(path, decoder=decoder)
    reader = open_video(path, decoder=decoder, on_damage='use')
    last = len(reader) - 1
    assert 20 < last < 110
    got = reader.get_batch([0, last // 2]).asnumpy()
    assert numbers(got) == [0, last // 2]


@pytest.mark.parametrize('decoder', DECODER_PARAMS)
@pytest.mark.parametrize('name', ['a.mp4', 'a.gif'])
def test_reader__closes_itself(
    tmp_path: Path, decoder: str, name: str
) -> None:
    write = write_gif if name == 'a.gif' else write_video
    path = write(tmp_path / name)
    with open_video(path, decoder=decoder) as reader:
        frames = reader.get_batch([3]).asnumpy()
    reader.close()  # once more is allowed
    assert [index_of(frame) for frame in frames] == [3]  # they outlive it


def test_open_video__unknown_decoder(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'a.mp4')
    with pytest.raises(
        ValueError,
        match=r"decoder must be one of \['pyav', 'decord', 'torchcodec'\], "
        "but got 'opencv'",
    ):
        open_video(path, decoder='opencv')


def test_read_image__after_decord(tmp_path: Path) -> None:
    """Decord's zlib would break OpenCV's reader of PNG files."""
    reader_class('decord')
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'a.png')
    np.testing.assert_array_equal(read_image(tmp_path / 'a.png'), pixels)


@pytest.mark.parametrize(
    'decoder, module, message',
    [
        ('pyav', 'av', 'pip install av;'),
        (
            'torchcodec',
            'torchcodec.decoders',
            'pip install av torchcodec, .*FFmp',
        ),
    ],
)
def test_decoder__that_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, decoder: str, module: str, message: str
) -> None:
    package = 'clipbert_mm.media.readers'
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(
        sys.modules, f'{package}.{decoder}_reader', raising=False
    )
    with pytest.raises(ImportError, match=f"decoder='{decoder}'.*{message}"):
        reader_class(decoder)
    assert message[:11] in available_decoders()[decoder]
