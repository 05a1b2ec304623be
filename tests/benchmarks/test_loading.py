# Copyright (c) clipbert_mm contributors.
"""The benchmark of loading, end to end on tiny files."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.toolbox.numbered_video import number_of, write_numbered
from tools.benchmarks.loading import __main__ as benchmark_loader
from tools.benchmarks.loading.reference_decoding import decode_clips


def run(folder: Path, *options: str) -> None:
    threads = str(torch.get_num_threads())  # of the tests that follow
    benchmark_loader.main(
        ['--quick', '--threads', threads, '--work-dir', str(folder), *options]
    )


def test_benchmark_loader__all_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, 'clipbert_msrvtt_ret', '--workers', '0')
    out = capsys.readouterr().out
    assert 'Measured on: ' in out
    assert '1 thread(s) for each decoder' in out
    for side in (
        'reference',
        'bare',
        'decord',
        'pyav',
        'pipeline',
        'decord, after compress.py',
    ):
        assert f'\n| {side} ' in out, side
    for step in (
        'LoadVideo',
        'DecordDecode',
        'ResizeLongSide',
        'PadFrames',
        'FormatClips',
        'BertTokenize',
        'PackActionInputs',
        'collate',
        'preprocessor',
        'sum',
    ):
        assert f'\n| {step}' in out, step
    assert 'LoadVideo(decode_size=448)' in out
    assert '\n| decord  ' in out
    assert '\n| pyav  ' in out
    assert 'batches of 8\n' in out


def test_benchmark_loader__config_without_videos(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='first step is LoadImageClip'):
        run(tmp_path, 'clipbert_vqa', '--only', 'bars')


@pytest.mark.parametrize('gop', [250, 12])
def test_reference_decoding__frames_of_clips(tmp_path: Path, gop: int) -> None:
    path = write_numbered(tmp_path / 'a.mp4', 100, gop=gop)
    clips = np.array([[70, 94], [3, 27], [13, 37]])
    frames = decode_clips(path, clips)
    assert [number_of(frame) for frame in frames] == clips.flatten().tolist()
