# Copyright (c) clipbert_mm contributors.
"""Tests of unreadable media, through the real decoder."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from clipbert_mm.datasets import VideoTextRetrieval
from clipbert_mm.datasets.bad_media import BadMediaLog
from clipbert_mm.engine import EpochSampler
from clipbert_mm.media.errors import is_media_error
from tests.toolbox.media import (
    flat,
    pipeline,
    write_lines,
    write_sound,
    write_video,
)


def cut(path: Path, share: float, faststart: bool) -> None:
    """Write the first part of a video."""
    write_video(path, 30, size=(160, 120), faststart=faststart)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def write_no_frames(path: Path) -> None:
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        container.start_encoding()
        container.mux(stream.encode())


def write_garbage(path: Path) -> None:
    """Write a video with a valid index and frames of noise."""
    write_video(path, 30, faststart=True)
    content = path.read_bytes()
    start = content.find(b'mdat') + 4
    noise = np.random.default_rng(0).bytes(len(content) - start)
    path.write_bytes(content[:start] + noise)


BROKEN: dict[str, Callable[[Path], Any]] = {
    'missing': lambda path: None,
    'folder': lambda path: path.mkdir(),
    'empty': lambda path: path.write_bytes(b''),
    'text': lambda path: path.write_text('this is a text\n' * 50),
    'zeros': lambda path: path.write_bytes(bytes(5000)),
    'cut before the index': lambda path: cut(path, 0.7, False),
    'cut after the index': lambda path: cut(path, 0.6, True),
    'noise': write_garbage,
    'sound only': write_sound,
    'no frames': write_no_frames,
    'extreme ratio': lambda path: write_video(path, 5, size=(352, 64)),
}


def dataset_of(
    folder: Path, names: list[str], steps: list[dict], **options: Any
) -> VideoTextRetrieval:
    """Return videos with captions 'a man <name>' and 'the dog <name>'."""
    ann_file = write_lines(
        folder / 'a.jsonl',
        [
            dict(clip_name=name, caption=f'{words} {name}')
            for name in names
            for words in ('a man', 'the dog')
        ],
    )
    return VideoTextRetrieval(
        ann_file, steps, data_prefix=dict(video=str(folder)), **options
    )


@pytest.mark.parametrize('kind', BROKEN)
def test_bad_media__training_draws_another_and_reports_once(
    tmp_path: Path, vocab_dir: str, kind: str, warnings_logged: list[str]
) -> None:
    BROKEN[kind](tmp_path / 'bad.mp4')
    write_video(tmp_path / 'good.mp4')
    dataset = dataset_of(
        tmp_path,
        ['good', 'bad'],
        pipeline(vocab_dir),
        bad_media=dict(max_fraction=0.5),
    )
    for epoch in range(2):
        for index in range(len(dataset)):
            item = dataset[(0, epoch, index)]
            assert item['data_samples'].video_id == 'good'
    reports = [m for m in warnings_logged if 'cannot be used' in m]
    assert len(reports) == 1
    assert 'bad.mp4' in reports[0]
    assert '1 of 2 are bad' in reports[0]
    assert '\n' not in reports[0]


@pytest.mark.parametrize('kind', BROKEN)
def test_bad_media__testing_keeps_the_item_and_its_reason(
    tmp_path: Path, vocab_dir: str, kind: str
) -> None:
    BROKEN[kind](tmp_path / 'bad.mp4')
    write_video(tmp_path / 'good.mp4')
    dataset = dataset_of(
        tmp_path,
        ['good', 'bad'],
        pipeline(vocab_dir, mode='uniform', texts=False),
        test_mode=True,
    )
    item = dataset[1]
    assert item['inputs']['imgs'].numel() == 0
    sample = item['data_samples']
    assert sample.video_id == 'bad'
    assert sample.own_text_inds == [2, 3]
    assert sample.own_text_ids == [2, 3]
    assert sample.filename.endswith('bad.mp4')
    assert len(sample.load_error) > 10
    assert set(sample.keys()) == {
        *dataset[0]['data_samples'].keys(),
        'load_error',
    }


@pytest.mark.slow
def test_bad_media__the_other_sample_depends_on_the_seed_only(
    tmp_path: Path, vocab_dir: str
) -> None:
    names = [f'v{i}' for i in range(6)]
    for name in names[:5]:
        write_video(tmp_path / f'{name}.mp4')
    options = dict(bad_media=dict(max_fraction=0.5))
    dataset = dataset_of(tmp_path, names, pipeline(vocab_dir), **options)
    expected = [flat(dataset[(0, 1, i)]) for i in range(len(dataset))]
    again = dataset_of(tmp_path, names, pipeline(vocab_dir), **options)
    np.random.seed(7)
    for i in reversed(range(len(again))):
        assert flat(again[(0, 1, i)]) == expected[i]
    # Different items replace the two of the missing video.
    assert expected[10] != expected[11]


def two_of_four(folder: Path, vocab_dir: str) -> VideoTextRetrieval:
    """Return a dataset in which two of four videos are missing."""
    names = [f'v{i}' for i in range(4)]
    for name in names[:2]:
        write_video(folder / f'{name}.mp4')
    return dataset_of(
        folder, names, pipeline(vocab_dir), bad_media=dict(max_fraction=0.5)
    )


@pytest.mark.slow
def test_bad_media__reported_once_over_all_workers(
    tmp_path: Path, vocab_dir: str
) -> None:
    dataset = two_of_four(tmp_path, vocab_dir)
    # Workers log to the logger's file, as under the runner.
    log_file = tmp_path / 'log.txt'
    MMLogger.get_instance('bad_media', log_file=str(log_file))
    sampler = EpochSampler(dataset, seed=0)
    loader = DataLoader(
        dataset, sampler=sampler, num_workers=2, collate_fn=list
    )
    for epoch in range(3):
        sampler.set_epoch(epoch)
        assert len(list(loader)) == 8
    assert dataset.bad_media.num_bad == 2
    log = log_file.read_text()
    assert log.count('cannot be used') == 2
    assert log.count('v2.mp4') == log.count('v3.mp4') == 2  # name and reason


@pytest.mark.slow
def test_bad_media__spawned_workers_share_the_marks(
    tmp_path: Path, vocab_dir: str
) -> None:
    dataset = two_of_four(tmp_path, vocab_dir)
    loader = DataLoader(
        dataset,
        num_workers=1,
        collate_fn=list,
        multiprocessing_context='spawn',
    )
    assert [flat(item) for (item,) in loader] == [
        flat(dataset[i]) for i in range(8)
    ]
    assert dataset.bad_media.num_bad == 2


def test_bad_media__too_many_end_the_training(
    tmp_path: Path, vocab_dir: str
) -> None:
    names = [f'v{i}' for i in range(5)]
    for name in names[:2]:
        write_video(tmp_path / f'{name}.mp4')
    dataset = dataset_of(
        tmp_path, names, pipeline(vocab_dir), bad_media=dict(max_fraction=0.4)
    )
    with pytest.raises(
        RuntimeError,
        match='3 of 5 media cannot be used, more than '
        'bad_media.max_fraction=0.4'
        '.*v2.mp4.*v3.mp4.*v4.mp4.*FileNotFoundError',
    ):
        _ = [dataset[i] for i in range(len(dataset))]


def test_bad_media__other_errors_are_not_taken_for_bad_files(
    tmp_path: Path, vocab_dir: str
) -> None:
    write_video(tmp_path / 'v0.mp4')
    write_video(tmp_path / 'v1.mp4')
    steps = pipeline(vocab_dir)
    del steps[1]  # no sampler: DecordDecode lacks its indices
    for test_mode in (False, True):
        dataset = dataset_of(
            tmp_path, ['v0', 'v1'], steps, test_mode=test_mode
        )
        with pytest.raises(KeyError, match='frame_inds'):
            dataset[0]


@pytest.mark.parametrize(
    'error, expected',
    [
        (FileNotFoundError('a.mp4'), True),
        (RuntimeError('Error reading 3 bytes...'), True),
        (RuntimeError('CUDA error'), False),
        (AssertionError('Invalid frame count: 0'), True),
        (AssertionError(), False),
        (ValueError('a'), False),
    ],
)
def test_is_media_error__only_errors_of_files(
    error: Exception, expected: bool
) -> None:
    assert is_media_error(error) is expected


def test_bad_media_log__can_be_copied() -> None:
    log = BadMediaLog(['a', 'b'], 1.0)
    log.report(0, OSError('gone'))
    for other in (copy.deepcopy(log), pickle.loads(pickle.dumps(log))):
        other.report(1, OSError('gone'))
        assert other.num_bad == 2
    assert torch.equal(log._is_bad, torch.tensor([True, False]))
