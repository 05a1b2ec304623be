# Copyright (c) clipbert_mm contributors.
"""The benchmark of loading, end to end on tiny files."""

from pathlib import Path

import av
import numpy as np
import pytest
import torch

from tests.toolbox.numbered_video import number_of, write_numbered
from tools.benchmarks.loading import __main__ as benchmark_loader
from tools.benchmarks.loading.long_video import repeat_video
from tools.benchmarks.loading.memory import peak_memory
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
        'torchcodec',
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
    assert '\n### 8 clips of 64x48 h264 of 6 s' in out  # the long one
    assert 'snap_to_keyframes=True' in out
    assert "on_damage='scan'" in out


def test_benchmark_loader__config_without_videos(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='first step is LoadImageClip'):
        run(tmp_path, 'clipbert_vqa', '--only', 'bars')


@pytest.mark.parametrize('gop', [250, 12])
def test_reference_decoding__frames_of_clips(tmp_path: Path, gop: int) -> None:
    path = write_numbered(tmp_path / 'a.mp4', 100, gop=gop)
    clips = np.array([[70, 94], [3, 27], [13, 37]])
    frames = decode_clips(path, clips)
    assert [number_of(frame) for frame in frames] == clips.flatten().tolist()


@pytest.mark.parametrize('bframes', ['0', '3'])
def test_repeat_video__frames_and_times_go_on(
    tmp_path: Path, bframes: str
) -> None:
    short = write_numbered(tmp_path / 'a.mp4', 20, gop=8, bf=bframes)
    path = repeat_video(short, tmp_path / 'long.mp4', 3)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert [frame.time for frame in frames] == [i / 25 for i in range(60)]
    numbers = [number_of(frame.to_ndarray(format='rgb24')) for frame in frames]
    assert numbers == 3 * list(range(20))
    written = path.stat().st_mtime_ns
    repeat_video(short, path, 3)
    assert path.stat().st_mtime_ns == written


def test_peak_memory__counts_what_the_side_holds(tmp_path: Path) -> None:
    args = benchmark_loader.parse_args(['--quick'])
    case = benchmark_loader.make_case(args, tmp_path)
    path, size = case.small[0], 2**26
    peaks = {name: peak_memory(name, case, path) for name in ('bare', 'pyav')}
    with path.open('ab') as file:  # an empty box, which no decoder needs
        file.write(size.to_bytes(4, 'big') + b'free' + bytes(size - 8))
    # The bare decoder gets the file in memory, our reader opens it.
    assert peak_memory('bare', case, path) - peaks['bare'] > 0.9 * size
    assert peak_memory('pyav', case, path) - peaks['pyav'] < 0.1 * size


def test_benchmark_loader__reencoded_video_is_no_copy(tmp_path: Path) -> None:
    args = benchmark_loader.parse_args(['--quick'])
    case = benchmark_loader.make_case(args, tmp_path)
    with av.open(str(case.compressed[0])) as container:
        packets = container.demux(video=0)
        keys = [i for i, packet in enumerate(packets) if packet.is_keyframe]
    assert keys == [0, 12, 24, 36, 48]  # of 50 frames, 12 apart
