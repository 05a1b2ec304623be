# Copyright (c) clipbert_mm contributors.
"""Tests of reading GIFs, against FFmpeg."""

from collections.abc import Callable
from pathlib import Path

import av
import decord
import numpy as np
import pytest
from mmaction.datasets.transforms import DecordInit
from PIL import Image

from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.opening import open_video
from tests.toolbox.media import write_gif


def write_moving_square(path: Path, frames: int = 8) -> Path:
    """Write a GIF with a square that moves over noise, in partial frames."""
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
    """Return the frames in RGB and the seconds when they are shown."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    pixels = np.stack([frame.to_ndarray(format='rgb24') for frame in frames])
    return pixels, np.array([float(frame.time) for frame in frames])


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
    reader = open_video(path)
    assert len(reader) == len(pixels) > 7
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
    reader = open_video(path)
    assert reader.get_avg_fps() == pytest.approx(rate)
    _, times = frames_of_ffmpeg(path)
    starts = reader.get_frame_timestamp(range(10))[:, 0]
    np.testing.assert_allclose(starts, times - times[0], atol=1e-6)


@pytest.mark.parametrize('keep, whole', [(0.02, 0), (0.3, 0), (0.9, 6)])
def test_gif__that_is_cut(tmp_path: Path, keep: float, whole: int) -> None:
    path = write_moving_square(tmp_path / 'a.gif')
    content = path.read_bytes()
    (tmp_path / 'whole.gif').write_bytes(content)
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(MediaError, match="a.gif': it is damaged: it ends ear"):
        open_video(path)
    if not whole:
        with pytest.raises(MediaError, match="a.gif': it has no frames"):
            open_video(path, on_damage='use')
        return
    reader = open_video(path, on_damage='use')
    assert len(reader) == whole
    pixels = frames_of_ffmpeg(tmp_path / 'whole.gif')[0][: len(reader)]
    got = reader.get_batch(range(len(reader))).asnumpy()
    np.testing.assert_array_equal(got, pixels)
