# Copyright (c) clipbert_mm contributors.
"""The decoders of LoadVideo, against each other and the numbers in frames."""

import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from mmaction.datasets.transforms import DecordDecode

from clipbert_mm.datasets import LoadVideo, SparseClipSampler
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.frame_size import long_side_shape
from clipbert_mm.media.opening import DECODERS
from tests.toolbox.media import write_sound
from tests.toolbox.numbered_video import number_of, write_numbered


def _why_not(decoder: str) -> str:
    try:
        LoadVideo(decoder=decoder)
    except ImportError as error:
        return str(error)
    return ''


DECODER_PARAMS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(bool(_why_not(name)), reason=_why_not(name)),
    )
    for name in DECODERS
]
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
WRONG_BY_DECORD = ('h264.ts', 'mpeg4.mp4')
PLACES = [3, 117, 40, 41, 40, 0, 77, 119, 78, 64]


@pytest.fixture(scope='module')
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('numbered')
    for name, options in FILES.items():
        write_numbered(folder / name, 120, **options)
    return folder


def opened(path: Path, **options: Any) -> dict:
    return LoadVideo(**options)(dict(filename=str(path)))


def numbers(frames: np.ndarray) -> list[int]:
    return [number_of(frame) for frame in frames]


@pytest.mark.parametrize('name', FILES)
@pytest.mark.parametrize('decoder', DECODER_PARAMS)
def test_decoder__frames_in_any_order(
    files: Path, decoder: str, name: str
) -> None:
    item = opened(files / name, decoder=decoder)
    assert item['total_frames'] == 120
    reader = item['video_reader']
    if decoder == 'decord' and name in WRONG_BY_DECORD:
        # When this fails, decord is right and the list can go.
        assert numbers(reader.get_batch(PLACES).asnumpy()) != PLACES
        return
    if (decoder, name) == ('torchcodec', 'h264.ts'):
        with pytest.raises(MediaError, match='h264.ts.*no more frames left'):
            reader.get_batch(PLACES)
        return
    for inds in (PLACES, sorted(set(PLACES)), [119], [0, 1, 2], PLACES[::-1]):
        assert numbers(reader.get_batch(inds).asnumpy()) == inds


@pytest.mark.parametrize('name', FILES)
@pytest.mark.parametrize('decoder', DECODER_PARAMS[1:])
def test_decoder__is_decords_equal(
    files: Path, decoder: str, name: str
) -> None:
    """The clips, their times and pixels do not depend on the decoder."""
    expected, got = (
        opened(files / name, decoder=d) for d in ('decord', decoder)
    )
    assert got['avg_fps'] == expected['avg_fps']
    np.testing.assert_array_equal(
        *(
            item['video_reader'].get_frame_timestamp(np.arange(120))[:, 0]
            for item in (got, expected)
        )
    )
    for mode, seed in (('uniform', 0), ('random', 1), ('random', 2)):
        sampler = SparseClipSampler(2, 8, target_fps=2, mode=mode)
        inds = [
            sampler(dict(item, rng=np.random.default_rng(seed)))['frame_inds']
            for item in (got, expected)
        ]
        np.testing.assert_array_equal(*inds)
    if name in WRONG_BY_DECORD:
        return
    pixels = [
        DecordDecode()(dict(item, frame_inds=inds[0]))['imgs']
        for item in (got, expected)
    ]
    np.testing.assert_array_equal(*pixels)


@pytest.mark.parametrize('threads', [0, 2])
@pytest.mark.parametrize('decoder', DECODER_PARAMS)
def test_decoder__with_threads(
    files: Path, decoder: str, threads: int
) -> None:
    item = opened(files / 'h264.mp4', decoder=decoder, num_threads=threads)
    got = item['video_reader'].get_batch(PLACES).asnumpy()
    assert numbers(got) == PLACES


@pytest.mark.parametrize('decoder', DECODER_PARAMS)
def test_decoder__without_time_stamps(tmp_path: Path, decoder: str) -> None:
    """An AVI tells the order of decoding alone; frames are counted."""
    path = write_numbered(tmp_path / 'a.avi', 60, codec='mpeg4', gop=12)
    reader = opened(path, decoder=decoder)['video_reader']
    inds = [50, 3, 13, 59, 12]
    assert numbers(reader.get_batch(inds).asnumpy()) == inds


@pytest.mark.parametrize('size', [64, 160, 224])
@pytest.mark.parametrize('decoder', DECODER_PARAMS)
def test_decode_size__same_frames_at_the_size(
    files: Path, decoder: str, size: int
) -> None:
    item = opened(files / 'gops.mp4', decoder=decoder, decode_size=size)
    got = item['video_reader'].get_batch(PLACES).asnumpy()
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
            opened(path, decoder=decoder)


@pytest.mark.parametrize('decoder', DECODER_PARAMS[1:])
def test_decoder__a_file_that_ends_early(
    files: Path, tmp_path: Path, decoder: str
) -> None:
    path = tmp_path / 'cut.mkv'
    content = (files / 'h264.mkv').read_bytes()
    path.write_bytes(content[: len(content) // 2])
    item = opened(path, decoder=decoder)
    last = item['total_frames'] - 1
    assert 20 < last < 110
    got = item['video_reader'].get_batch([0, last // 2]).asnumpy()
    assert numbers(got) == [0, last // 2]


def test_pyav__frames_that_cannot_be_decoded(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / 'a.mp4', 60, gop=30)
    content = bytearray(path.read_bytes())
    start = content.index(b'mdat')
    middle = start + (content.index(b'moov') - start) // 2
    content[middle : content.index(b'moov')] = bytes(
        content.index(b'moov') - middle
    )
    path.write_bytes(bytes(content))
    reader = opened(path, decoder='pyav')['video_reader']
    assert numbers(reader.get_batch([5]).asnumpy()) == [5]
    with pytest.raises(MediaError, match=r"a.mp4': PyAV cannot decode it"):
        reader.get_batch([5, 58])


@pytest.mark.parametrize(
    'name, number, most',
    [
        ('h264.mp4', 90, 79),  # leaves out frames on which no other depends
        ('no_b_frames.mp4', 110, 30),  # begins at the key frame before
    ],
)
def test_pyav__decodes_few_frames(
    files: Path, name: str, number: int, most: int
) -> None:
    """What makes it fast, and must not change the pixels."""
    decoded = []
    reader = opened(files / name, decoder='pyav')['video_reader']
    convert = reader._search

    def counting(*args: Any, **kwargs: Any) -> None:
        convert(*args, **kwargs)
        decoded.append(reader._decoded)

    reader._search = counting
    got = reader.get_batch([number]).asnumpy()
    assert 0 < decoded[-1] <= most
    with av.open(str(files / name)) as container:
        for i, frame in enumerate(container.decode(video=0)):
            if i == number:
                expected = frame.to_ndarray(format='rgb24')
    np.testing.assert_array_equal(got[0], expected)


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
        LoadVideo(decoder=decoder)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(decoder='opencv'), "decoder must be .*'torchcodec'.*'opencv'"),
        (dict(decode_size=0), 'decode_size must be .* but got 0'),
        (dict(decode_size=2.5), 'decode_size must be .* but got 2.5'),
    ],
)
def test_load_video__wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LoadVideo(**options)
