# Copyright (c) clipbert_mm contributors.
"""Tests of the clip sampler, against the reference's frame picks."""

import re
from pathlib import Path

import numpy as np
import pytest
from mmaction.datasets.transforms import DecordDecode, DecordInit

from clipbert_mm.datasets import LoadVideo, SparseClipSampler
from clipbert_mm.media.errors import MediaError
from tests.toolbox.media import index_of, write_video
from tests.toolbox.numbered_video import number_of, write_numbered
from tests.toolbox.reference_data import array, load_json

EXACT = ('v25_10s.mp4', 'v30_3s.mp4', 'v15_0.5s.mp4', 'v25_10s_gop12.mp4')
SHIFTED = ('v25_4s.mkv', 'v25_4s_noeditlist.mp4')


class FixedDraw:
    """Generator whose draws all lie at one fraction of the range."""

    def __init__(self, fraction: float) -> None:
        self.fraction = fraction

    def uniform(self, low: float, high: float, size: int) -> np.ndarray:
        return np.full(size, low + self.fraction * (high - low))


def video(total_frames: int, fps: float, **others) -> dict:
    return dict(
        filename='a.mp4', total_frames=total_frames, avg_fps=fps, **others
    )


def our_picks(name: str, settings: str, results: dict) -> np.ndarray:
    """Our frames for a case of the reference, shape (clips, clip_len)."""
    clip_len, fps = (int(n) for n in re.findall(r'=(\d+)', settings))
    rng = None
    num_clips, mode = 1, 'middle'
    if name.startswith('uniform_'):
        num_clips, mode = int(name.split('_')[1]), 'uniform'
    elif name.startswith('rand_r'):
        rng, mode = FixedDraw(float(name.split('=')[1])), 'random'
    sampler = SparseClipSampler(clip_len, num_clips, fps, mode)
    picked = sampler(dict(results, rng=rng))['frame_inds']
    return picked.reshape(num_clips, clip_len)


@pytest.mark.parametrize('name', EXACT + SHIFTED)
def test_sparse_clip_sampler__picks_the_frames_of_the_reference(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(array(f'video_bytes/{name}').tobytes())
    results = DecordInit()(dict(filename=str(path)))
    compared = 0
    for settings, picks in load_json()['frame_sampling'][name][
        'picks'
    ].items():
        for case, expected in picks.items():
            if case in ('start', 'end', 'uniform'):
                continue  # modes that no configuration of ours needs
            got = our_picks(case, settings, results)
            difference = np.abs(got - np.array(expected)).max()
            assert difference <= (0 if name in EXACT else 2), (settings, case)
            compared += 1
    assert compared == 90


def test_sparse_clip_sampler__same_generator_same_clips() -> None:
    sampler = SparseClipSampler(2, 4, 2)
    first, again, other = (
        sampler(video(250, 25.0, rng=np.random.default_rng(seed)))[
            'frame_inds'
        ]
        for seed in (1, 1, 2)
    )
    assert first.tolist() == again.tolist() != other.tolist()


def test_sparse_clip_sampler__added_keys() -> None:
    got = SparseClipSampler(2, 4, 2, 'uniform')(video(250, 25.0))
    assert got['frame_inds'].dtype == np.int32
    assert got['frame_inds'].tolist() == [0, 24, 57, 81, 113, 137, 169, 193]
    assert (got['clip_len'], got['num_clips']) == (2, 4)
    assert got['frame_interval'] is None


@pytest.mark.parametrize(
    'total_frames, clip_len, expected',
    [
        (1, 3, [0, 0, 0]),
        (8, 4, [0, 7, 7, 7]),
        (25, 2, [0, 24]),
    ],
)
def test_sparse_clip_sampler__videos_not_longer_than_a_clip(
    total_frames: int, clip_len: int, expected: list[int]
) -> None:
    sampler = SparseClipSampler(clip_len, 2, 1, 'uniform')
    got = sampler(video(total_frames, 15.0))['frame_inds']
    assert got.tolist() == expected * 2


def test_sparse_clip_sampler__dense_uniform_is_deterministic() -> None:
    rng = np.random.default_rng(0)
    got = SparseClipSampler(2, 4, 2, 'dense_uniform')(
        video(250, 25.0, rng=rng)
    )
    assert got['frame_inds'].tolist() == [0, 24, 57, 81, 113, 137, 169, 193]


@pytest.mark.parametrize('fps', [0.0, float('nan'), float('inf'), None, -3.0])
def test_sparse_clip_sampler__unknown_fps_names_the_file(fps: float) -> None:
    with pytest.raises(MediaError, match=f"'a.mp4'.*{fps}.*default_fps"):
        SparseClipSampler(2, 4, 2, 'uniform')(video(250, fps))
    sampler = SparseClipSampler(2, 4, 2, 'uniform', default_fps=25)
    assert sampler(video(250, fps))['frame_inds'][-1] == 193


def test_sparse_clip_sampler__one_frame_needs_no_fps() -> None:
    got = SparseClipSampler(2, 1, 2, 'middle')(video(1, 0.0))
    assert got['frame_inds'].tolist() == [0, 0]


def test_sparse_clip_sampler__no_frames() -> None:
    with pytest.raises(MediaError, match="'a.mp4': it has no frames"):
        SparseClipSampler(2, 4, 2)(video(0, 25.0))


def test_sparse_clip_sampler__random_without_a_generator() -> None:
    with pytest.raises(ValueError, match="'random' needs a random generator"):
        SparseClipSampler(2, 4, 2)(video(250, 25.0))


@pytest.mark.parametrize(
    'options, message',
    [
        (
            dict(num_clips=0),
            'num_clips must be an integer >= 1, but got 0',
        ),
        (dict(num_clips=1.5), 'num_clips must be .* but got 1.5'),
        (dict(clip_len=0), 'clip_len must be an integer >= 1, but got 0'),
        (dict(target_fps=0), 'target_fps must be .* but got 0'),
        (dict(target_fps=-2), 'target_fps must be .* but got -2'),
        (dict(mode='rnadom'), "mode must be one of .* but got 'rnadom'"),
        (dict(mode='middle'), 'num_clips must be 1, but got 4'),
        (dict(default_fps=0), 'default_fps must be .* but got 0'),
    ],
)
def test_sparse_clip_sampler__wrong_options(
    options: dict, message: str
) -> None:
    valid = dict(clip_len=2, num_clips=4, target_fps=2)
    with pytest.raises(ValueError, match=message):
        SparseClipSampler(**{**valid, **options})


def test_sparse_clip_sampler__variable_rate_is_sampled_in_time(
    tmp_path: Path,
) -> None:
    # Frame 3 stays for four seconds; then 20 frames pass in one second.
    milliseconds = [0, 100, 200, 300] + [4300 + 50 * i for i in range(20)]
    path = write_video(tmp_path / 'vfr.mp4', 24, milliseconds=milliseconds)
    results = DecordInit()(dict(filename=str(path)))
    assert results['total_frames'] == 24
    # Clips of one second, starting at 0, 1.1, 2.2 and 3.3 s of 5.35 s.
    results = SparseClipSampler(2, 4, 2, 'uniform')(results)
    shown = [index_of(img) for img in DecordDecode()(results)['imgs']]
    assert shown == results['frame_inds'].tolist()
    assert shown == [0, 3, 3, 3, 3, 3, 3, 3]
    # A frame is on screen for as long as the file says.
    results = DecordInit()(dict(filename=str(path)))
    results = SparseClipSampler(1, 10, 20, 'uniform')(results)
    # 4.8 s: ceil(0.9 * (107 - 1)) = 96 of the 107 intervals of 50 ms, and
    # 10 after the frame at 4.3 s, which is number 4.
    assert results['frame_inds'].tolist() == [0] + [3] * 8 + [14]


def test_sparse_clip_sampler__overlapping_clips_decode_to_their_frames(
    tmp_path: Path,
) -> None:
    path = write_video(tmp_path / 'a.mp4', 30)
    results = DecordInit()(dict(filename=str(path)))
    results = SparseClipSampler(2, 8, 2, 'uniform')(results)
    wanted = results['frame_inds'].tolist()
    assert wanted != sorted(wanted)  # they do overlap
    decoded = DecordDecode()(results)
    assert [index_of(img) for img in decoded['imgs']] == wanted
    assert decoded['imgs'][0].shape == (48, 64, 3)


@pytest.mark.parametrize('decoder', ['pyav', 'decord'])
def test_sampler__nearest_key_frames(tmp_path: Path, decoder: str) -> None:
    path = write_numbered(
        tmp_path / 'a.mp4', 100, gop=30, **{'x264-params': 'scenecut=0'}
    )
    item = LoadVideo(decoder=decoder, key_frames=True)(
        dict(filename=str(path))
    )
    assert item['key_frame_inds'].tolist() == [0, 30, 60, 90]
    exact = SparseClipSampler(2, 4, target_fps=2, mode='uniform')
    snapped = SparseClipSampler(
        2, 4, target_fps=2, mode='uniform', snap_to_keyframes=True
    )
    assert exact(item)['frame_inds'].tolist() == [
        *(0, 24, 19, 43, 38, 62, 57, 81)
    ]
    inds = snapped(item)['frame_inds'].tolist()
    assert inds == [0, 30, 30, 30, 30, 60, 60, 90]
    frames = item['video_reader'].get_batch(inds).asnumpy()
    assert [number_of(frame) for frame in frames] == inds


def test_sampler__key_frames_of_a_varying_rate_are_near_in_time() -> None:
    starts = np.array([0.0, 0.1, 0.2, 3.0, 3.1, 6.0])

    class Reader:
        def get_frame_timestamp(self, indices: np.ndarray) -> np.ndarray:
            ends = np.append(starts[1:], 6.1)
            return np.stack([starts, ends], 1)[indices]

    item = dict(
        filename='a.mp4',
        video_reader=Reader(),
        total_frames=6,
        key_frame_inds=np.array([0, 5]),
    )
    sampler = SparseClipSampler(
        1, 3, target_fps=10, mode='uniform', snap_to_keyframes=True
    )
    # Shown at 0, 2 and 4 s: frames 0, 2 (from 0.2 s) and 4 (from 3.1 s).
    assert sampler(item)['frame_inds'].tolist() == [0, 0, 5]


def test_sampler__one_key_frame_or_none() -> None:
    sampler = SparseClipSampler(
        1, 2, target_fps=2, mode='uniform', snap_to_keyframes=True
    )
    item = dict(filename='a.mp4', total_frames=100, avg_fps=10.0)
    with pytest.raises(ValueError, match='set key_frames=True of LoadVideo'):
        sampler(dict(item))
    for keys in ([], [0]):
        found = sampler(dict(item, key_frame_inds=np.array(keys)))
        assert found['frame_inds'].tolist() == [0, 48]
