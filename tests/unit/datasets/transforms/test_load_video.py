# Copyright (c) clipbert_mm contributors.
"""Tests of opening videos and GIFs."""

from pathlib import Path

import numpy as np
import pytest
from mmaction.datasets.transforms import DecordDecode, DecordInit

from clipbert_mm.datasets import LoadVideo, SparseClipSampler
from tests.toolbox.media import index_of, write_gif, write_video


def test_load_video__as_the_host_reads_files(tmp_path: Path) -> None:
    path = str(write_video(tmp_path / 'a.mp4'))
    got, expected = (
        transform(dict(filename=path))
        for transform in (
            LoadVideo(num_threads=2, decoder='decord'),
            DecordInit(),
        )
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


def test_load_video__missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='none.gif'):
        LoadVideo()(dict(filename=str(tmp_path / 'none.gif')))


def test_load_video__misspelt_option() -> None:
    with pytest.raises(TypeError, match='io_backend'):
        LoadVideo(io_backend='lmdb')  # type: ignore[call-arg]


def test_gif__of_one_frame(tmp_path: Path) -> None:
    path = write_gif(tmp_path / 'a.gif', num_frames=1)
    item = LoadVideo()(dict(filename=str(path)))
    assert (item['total_frames'], item['avg_fps']) == (1, 10.0)
    sampler = SparseClipSampler(
        clip_len=2, num_clips=1, target_fps=1, mode='uniform'
    )
    item = DecordDecode()(sampler(item))
    assert [index_of(img) for img in item['imgs']] == [0, 0]


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(decoder='opencv'), "decoder must be .*'torchcodec'.*'opencv'"),
        (dict(num_threads=-1), 'num_threads must be an integer >= 0, .* -1'),
        (dict(decode_size=0), 'decode_size must be .* but got 0'),
        (dict(decode_size=2.5), 'decode_size must be .* but got 2.5'),
    ],
)
def test_load_video__wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LoadVideo(**options)


@pytest.mark.parametrize('decoder', ['pyav', 'decord'])
def test_load_video__overlapping_clips_are_decoded_once(
    tmp_path: Path, decoder: str
) -> None:
    path = write_video(tmp_path / 'a.mp4', 30)
    item = LoadVideo(decoder=decoder)(dict(filename=str(path)))
    reader = item['video_reader']
    item = SparseClipSampler(2, 8, 2, 'uniform')(item)
    assert item['video_reader'] is reader
    wanted = item['frame_inds'].tolist()
    assert wanted != sorted(wanted)  # they do overlap
    decoded = DecordDecode()(item)
    assert [index_of(img) for img in decoded['imgs']] == wanted


def test_load_video__key_frames_by_decord_decode(tmp_path: Path) -> None:
    """``mode='efficient'`` needs more of decord than other decoders have."""
    path = str(write_video(tmp_path / 'a.mp4'))
    inds = np.array([0, 4, 9])
    got, expected = (
        DecordDecode('efficient')(
            dict(transform(dict(filename=path)), frame_inds=inds)
        )['imgs']
        for transform in (LoadVideo(decoder='decord'), DecordInit())
    )
    np.testing.assert_array_equal(got, expected)
