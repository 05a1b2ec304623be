# Copyright (c) clipbert_mm contributors.
"""Tests of opening videos and GIFs."""

from collections.abc import Callable, Sequence
from pathlib import Path

import av
import decord
import numpy as np
import pytest
from mmaction.datasets.transforms import DecordDecode, DecordInit
from PIL import Image

from clipbert_mm.datasets import LoadVideo, SparseClipSampler
from clipbert_mm.media.errors import MediaError
from tests.toolbox.media import BRIGHTNESS_STEP, index_of, write_video


def write_gif(
    path: Path, num_frames: int = 10, delays: Sequence[int] | None = None
) -> Path:
    """A GIF whose frame i has the brightness of ``index_of`` i."""
    frames = []
    for i in range(num_frames):
        pixels = np.full((48, 64), 5 + BRIGHTNESS_STEP * i, np.uint8)
        frames.append(Image.fromarray(pixels))
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=100 if delays is None else list(delays),
        loop=0,
    )
    return path


def write_moving_square(path: Path, frames: int = 8) -> Path:
    """A GIF with a square that moves over a picture, in partial frames."""
    background = np.random.default_rng(0).integers(0, 200, (48, 64), np.uint8)
    images = []
    for i in range(frames):
        pixels = background.copy()
        pixels[10:20, 5 * i : 5 * i + 10] = 255
        images.append(Image.fromarray(pixels))
    images[0].save(
        path,
        save_all=True,
        append_images=images[1:],
        duration=[40 + 20 * i for i in range(frames)],
        loop=0,
    )
    return path


def frames_of_ffmpeg(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Frames in RGB, and the times when they are shown."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    pixels = np.stack([frame.to_ndarray(format='rgb24') for frame in frames])
    return pixels, np.array([float(frame.time) for frame in frames])


def test_load_video__as_the_host_reads_files(tmp_path: Path) -> None:
    path = str(write_video(tmp_path / 'a.mp4'))
    got, expected = (
        transform(dict(filename=path))
        for transform in (LoadVideo(num_threads=2), DecordInit())
    )
    assert (got['total_frames'], got['avg_fps']) == (10, 10.0)
    assert got.keys() == expected.keys()
    inds = np.array([9, 0, 4])
    for decoded in zip(
        *(
            DecordDecode()(dict(item, frame_inds=inds))['imgs']
            for item in (got, expected)
        )
    ):
        np.testing.assert_array_equal(*decoded)


def test_gif__decord_does_not_read_it(tmp_path: Path) -> None:
    # When this fails, GifReader is no longer needed.
    path = write_gif(tmp_path / 'a.gif')
    with pytest.raises(decord.DECORDError, match='broken metadata'):
        DecordInit()(dict(filename=str(path)))


@pytest.mark.parametrize('write', [write_gif, write_moving_square])
def test_gif__frames_and_times_are_those_of_ffmpeg(
    tmp_path: Path, write: Callable
) -> None:
    path = write(tmp_path / 'a.gif')
    pixels, times = frames_of_ffmpeg(path)
    item = LoadVideo()(dict(filename=str(path)))
    assert item['total_frames'] == len(pixels) > 7
    reader = item['video_reader']
    got = reader.get_batch(np.arange(len(reader))).asnumpy()
    np.testing.assert_array_equal(got, pixels)
    np.testing.assert_allclose(
        reader.get_frame_timestamp(np.arange(len(reader)))[:, 0],
        times - times[0],
        atol=1e-6,
    )


@pytest.mark.parametrize(
    'delays, rate',
    [
        ([100] * 10, 10),
        ([50] * 5 + [150] * 5, 10),
        ([40] * 10, 25),
        ([0] * 10, 10),  # no delay means ten frames a second
        ([10] * 10, 100),
        ([20] * 10, 50),
    ],
)
def test_gif__rate(tmp_path: Path, delays: list[int], rate: float) -> None:
    path = write_gif(tmp_path / 'a.gif', delays=delays)
    item = LoadVideo()(dict(filename=str(path)))
    assert item['avg_fps'] == pytest.approx(rate)
    _, times = frames_of_ffmpeg(path)
    starts = item['video_reader'].get_frame_timestamp(range(10))[:, 0]
    np.testing.assert_allclose(starts, times - times[0], atol=1e-6)


def test_gif__clips_of_it(tmp_path: Path) -> None:
    path = write_gif(tmp_path / 'a.gif')
    item: dict = dict(filename=str(path))
    for step in (
        LoadVideo(),
        SparseClipSampler(
            clip_len=2, num_clips=2, target_fps=5, mode='uniform'
        ),
        DecordDecode(),
    ):
        item = step(item)
    # A clip spans 4 frames; the slack is 6: starts 0 and 3.
    assert item['frame_inds'].tolist() == [0, 3, 3, 6]
    assert [index_of(img) for img in item['imgs']] == [0, 3, 3, 6]
    assert item['img_shape'] == (48, 64)


def test_gif__of_one_frame(tmp_path: Path) -> None:
    path = write_gif(tmp_path / 'a.gif', num_frames=1)
    item = LoadVideo()(dict(filename=str(path)))
    assert (item['total_frames'], item['avg_fps']) == (1, 10.0)
    sampler = SparseClipSampler(
        clip_len=2, num_clips=1, target_fps=1, mode='uniform'
    )
    item = DecordDecode()(sampler(item))
    assert [index_of(img) for img in item['imgs']] == [0, 0]


@pytest.mark.parametrize('keep', [0.02, 0.3, 0.9])
def test_gif__that_is_cut(tmp_path: Path, keep: float) -> None:
    path = write_moving_square(tmp_path / 'a.gif')
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    message, num_frames = '', 0
    try:
        num_frames = LoadVideo()(dict(filename=str(path)))['total_frames']
    except MediaError as error:
        message = str(error)
    if message:
        assert 'a.gif' in message
        assert 'cannot be decoded' in message
    else:  # the frames before the cut
        assert 0 < num_frames < 8


def test_load_video__missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='none.gif'):
        LoadVideo()(dict(filename=str(tmp_path / 'none.gif')))


def test_load_video__misspelt_option() -> None:
    with pytest.raises(TypeError, match='io_backend'):
        LoadVideo(io_backend='lmdb')  # type: ignore[call-arg]
