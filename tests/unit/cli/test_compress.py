# Copyright (c) clipbert_mm contributors.
"""Tests of the re-encoding of video folders, with real files."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from clipbert_mm.cli import compress
from clipbert_mm.datasets.transforms import LoadVideo, SparseClipSampler
from clipbert_mm.media.compression.journal import JOURNAL
from clipbert_mm.media.opening import open_video
from clipbert_mm.utils.locks import lock_folder
from tests.toolbox.media import (
    index_of,
    read_all,
    write_gif,
    write_sound,
    write_video,
)
from tests.toolbox.paths import ROOT
from tests.toolbox.processes import run_python, wait_for

pytestmark = pytest.mark.slow

TOOL = ROOT / 'tools' / 'data' / 'compress.py'

VARYING = [0, 100, 200, 300, 900, 1000, 1100, 1500, 2000, 2100]
GIF_DELAYS = [100] * 4 + [1000] + [100] * 4 + [300]


def write_codec(path: Path, codec: str, rate: int) -> Path:
    """Write 20 frames like write_video, in another format."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        for i in range(20):
            pixels = np.full((48, 64, 3), 5 + 6 * i, np.uint8)
            container.mux(
                stream.encode(
                    av.VideoFrame.from_ndarray(pixels, format='rgb24')
                )
            )
        container.mux(stream.encode())
    return path


def run(source: Path, target: Path, *options: str) -> int:
    return compress.main(
        [
            str(source),
            str(target),
            '--workers',
            '0',
            '--speed-sample',
            '0',
            *options,
        ]
    )


@pytest.fixture(scope='module')
def folders(tmp_path_factory) -> tuple[Path, Path]:
    """Videos of all sorts and what they became."""
    source = tmp_path_factory.mktemp('source')
    target = source.with_name(source.name + '_target')
    (source / 'deep' / 'er').mkdir(parents=True)
    write_video(source / 'plain.v1.mp4', 20, fps=10)
    write_video(source / 'deep' / 'film.mp4', 31, fps=25, size=(1280, 720))
    write_video(source / 'varying.MP4', 10, milliseconds=VARYING)
    write_codec(source / 'rounded.mkv', 'libx264', 30)  # milliseconds
    write_codec(source / 'film.flv', 'flv', 24)
    write_codec(source / 'b_frames.avi', 'libx264', 10)
    write_gif(
        source / 'deep' / 'er' / 'moving.gif', 10, GIF_DELAYS, size=(63, 49)
    )
    (source / 'notes.txt').write_text('not a video')
    assert run(source, target) == 0
    return source, target


def test_compress__keeps_paths_and_stems(folders):
    _, target = folders
    files = {
        path.relative_to(target).as_posix()
        for path in target.rglob('*')
        if path.is_file()
    }
    assert files == {
        JOURNAL,
        'plain.v1.mp4',
        'deep/film.mp4',
        'varying.mp4',
        'rounded.mp4',
        'film.mp4',
        'b_frames.mp4',
        'deep/er/moving.mp4',
    }


@pytest.mark.parametrize(
    'name, fps, num_frames',
    [
        ('plain.v1', 10, 20),
        ('deep/film', 25, 31),
        ('rounded', 30, 20),
        ('film', 24, 20),
        ('b_frames', 10, 20),
    ],
)
def test_compress__constant_rate_keeps_every_frame(
    folders, name, fps, num_frames
):
    frames, rate = read_all(folders[1] / f'{name}.mp4')
    assert rate == pytest.approx(fps)
    assert [index_of(frame) for frame in frames] == list(range(num_frames))


@pytest.mark.parametrize(
    'name, starts, end',
    [
        ('varying', VARYING, VARYING[-1] + 100),
        (
            'deep/er/moving',
            [sum(GIF_DELAYS[:i]) for i in range(10)],
            sum(GIF_DELAYS),
        ),
    ],
)
def test_compress__varying_rate_stays(folders, name, starts, end):
    frames, _ = read_all(folders[1] / f'{name}.mp4')
    assert [index_of(frame) for frame in frames] == list(range(10))
    with open_video(folders[1] / f'{name}.mp4') as reader:
        edges = reader.get_frame_timestamp(range(len(reader)))
    assert edges[:, 0] == pytest.approx(np.array(starts) / 1000)
    assert edges[-1, 1] == pytest.approx(end / 1000)


@pytest.mark.parametrize(
    'name', ['plain.v1.mp4', 'deep/film.mp4', 'rounded.mkv', 'varying.MP4']
)
@pytest.mark.parametrize('clip_len', [1, 4])
def test_compress__sampler_sees_the_same_as_before(folders, name, clip_len):
    sampler = SparseClipSampler(
        clip_len, num_clips=4, target_fps=2, mode='uniform'
    )
    seen = []
    for path in (
        folders[0] / name,
        folders[1] / Path(name).with_suffix('.mp4'),
    ):
        results = sampler(LoadVideo()(dict(filename=str(path))))
        frames = results['video_reader'].get_batch(results['frame_inds'])
        seen.append([index_of(frame) for frame in frames.asnumpy()])
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    'name, size',
    [
        ('deep/film', (448, 252)),
        ('plain.v1', (64, 48)),
        ('deep/er/moving', (62, 48)),
    ],
)
def test_compress__never_larger_and_even(folders, name, size):
    frames, _ = read_all(folders[1] / f'{name}.mp4')
    assert frames.shape[1:3] == size[::-1]


def test_compress__key_frames_and_no_sound(folders):
    with av.open(str(folders[1] / 'deep' / 'film.mp4')) as container:
        assert [s.type for s in container.streams] == ['video']
        keys = [p.is_keyframe for p in container.demux(video=0) if p.size]
    gaps = np.diff([*np.flatnonzero(keys), len(keys)])
    assert keys[0]
    assert gaps.max() <= 12


def test_compress__lower_rate_takes_frames_by_time(tmp_path):
    (tmp_path / 'in').mkdir()
    write_video(tmp_path / 'in' / 'a.mp4', 40, fps=20)
    write_video(tmp_path / 'in' / 'slow.mp4', 4, fps=2)
    assert run(tmp_path / 'in', tmp_path / 'out', '--fps', '3') == 0
    frames, rate = read_all(tmp_path / 'out' / 'a.mp4')
    assert rate == 3
    # 20 / 3 source frames each: 0, 6.7, 13.3, 20, 26.7, 33.3
    assert [index_of(f) for f in frames] == [0, 7, 13, 20, 27, 33]
    frames, rate = read_all(tmp_path / 'out' / 'slow.mp4')
    assert (rate, [index_of(f) for f in frames]) == (2, [0, 1, 2, 3])


def test_compress__bad_files_are_reported_and_the_others_done(
    tmp_path, capsys
):
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    write_video(source / 'good.mp4')
    write_sound(source / 'sound.mp4')
    (source / 'junk.mp4').write_bytes(b'no video at all')
    (source / 'empty.mp4').touch()
    whole = write_video(source / 'cut.mp4', 40, faststart=True).read_bytes()
    (source / 'cut.mp4').write_bytes(whole[: len(whole) * 2 // 3])
    assert run(source, target, '--workers', '1') == 1
    assert {p.name for p in target.iterdir()} == {JOURNAL, 'good.mp4'}
    shown = capsys.readouterr().err
    assert re.search(
        r'failed: .*in/sound.mp4: MediaError: .* it has no video stream',
        shown,
    )
    assert re.search(r'failed: .*in/junk.mp4: MediaError: .* it is ', shown)
    assert re.search(r'failed: .*in/empty.mp4: ', shown)
    assert re.search(
        r'failed: .*in/cut.mp4: MediaError: .* it ends early: only '
        rf'\d+ of {len(whole)} bytes are there',
        shown,
    )
    assert '4 of 5 videos could not be encoded.' in shown


def test_compress__resumes_after_a_kill(tmp_path, capsys):
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    write_noise(source / '0.mp4')
    for i in range(1, 8):
        shutil.copy(source / '0.mp4', source / f'{i}.mp4')
    with subprocess.Popen(
        [sys.executable, TOOL, source, target, '--workers', '2'],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            wait_for(
                process,
                lambda: (
                    (target / JOURNAL).is_file()
                    and len((target / JOURNAL).read_text().split('\n')) > 3
                ),
                300,
            )
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    finished = {
        json.loads(line)['source']: (target / json.loads(line)['source'])
        for line in (target / JOURNAL).read_text().split('\n')[1:-1]
    }
    assert 2 <= len(finished) < 8
    times = {n: path.stat().st_mtime_ns for n, path in finished.items()}
    (target / 'gone.mp4.partial').write_bytes(b'half of a video')

    assert run(source, target) == 0
    assert f'{len(finished)} of them already finished' in (
        capsys.readouterr().out
    )
    assert sorted(p.name for p in target.iterdir()) == [
        *(f'{i}.mp4' for i in range(8)),
        JOURNAL,
    ]
    assert times == {n: p.stat().st_mtime_ns for n, p in finished.items()}
    for i in range(8):
        assert len(read_all(target / f'{i}.mp4')[0]) == 50


def write_noise(path: Path) -> None:
    """Frames that take a while to encode."""
    rng = np.random.default_rng(0)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(
            'libx264', rate=10, options=dict(preset='ultrafast', crf='30')
        )
        stream.width, stream.height, stream.pix_fmt = 160, 128, 'yuv420p'
        for _ in range(50):
            pixels = rng.integers(0, 255, (128, 160, 3), np.uint8)
            container.mux(
                stream.encode(
                    av.VideoFrame.from_ndarray(pixels, format='rgb24')
                )
            )
        container.mux(stream.encode())


def test_compress__other_settings_need_another_folder(tmp_path, capsys):
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    write_video(source / 'a.mp4', fps=10)
    assert run(source, target) == 0
    first = (target / 'a.mp4').stat().st_mtime_ns
    assert run(source, target, '--fps', '5') == 2
    shown = capsys.readouterr().err
    assert "'fps': None" in shown
    assert "'fps': 5.0" in shown
    assert 'pass --overwrite' in shown
    assert (target / 'a.mp4').stat().st_mtime_ns == first
    assert run(source, target, '--fps', '5', '--overwrite') == 0
    assert read_all(target / 'a.mp4')[1] == 5
    assert run(source, target, '--fps', '5') == 0
    assert '1 of them already finished' in capsys.readouterr().out


def test_compress__a_source_that_has_changed_is_encoded_again(tmp_path):
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    write_video(source / 'a.mp4', 10)
    assert run(source, target) == 0
    write_video(source / 'a.mp4', 13)
    assert run(source, target) == 0
    assert len(read_all(target / 'a.mp4')[0]) == 13


def test_compress__lists_what_is_left_out(tmp_path, capsys):
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    write_video(source / 'b.mp4').rename(source / 'b')
    for name in ('a.avi', 'a.mp4'):
        write_video(source / name)
    (source / 'a\nb.txt').write_text('text')
    assert run(source, target) == 1
    assert sorted(p.name for p in target.iterdir()) == ['b.mp4', JOURNAL]
    shown = capsys.readouterr()
    assert (
        f"left out: {source}/a\\nb.txt: it is a text file ('text')\n"
    ) in shown.out
    for name, other in (('a.avi', 'a.mp4'), ('a.mp4', 'a.avi')):
        assert (
            f'failed: {source}/{name}: {target}/a.mp4 would be the result of '
            f'{source}/{other}, too; rename all but one\n'
        ) in shown.err
    assert '2 of 3 videos could not be encoded.' in shown.err


def test_compress__limits(tmp_path, capsys):
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    write_video(source / 'a.mp4', 20)
    write_video(source / 'b.mp4', 10)
    assert run(source, target, '--limits', 'pixels=3072', 'frames=19') == 1
    assert (
        'it has 20 frames or more, above the limit of 19; to encode it, pass '
        'a higher one with --limits frames=...'
    ) in capsys.readouterr().err
    assert [path.name for path in target.glob('*.mp4')] == ['b.mp4']
    # What is finished stays so: limits change no result.
    assert run(source, target, '--limits', 'frames=20') == 0
    assert '1 of them already finished' in capsys.readouterr().out
    assert len(list(target.glob('*.mp4'))) == 2


@pytest.mark.parametrize('pair', ['pixels', 'x=1', 'frames=' + '9' * 5000])
def test_compress__limits_that_are_none(pair, tmp_path, capsys):
    (tmp_path / 'in').mkdir()
    assert run(tmp_path / 'in', tmp_path / 'out', '--limits', pair) == 2
    assert '--limits must be a name and a number' in capsys.readouterr().err


@pytest.mark.parametrize(
    'target, options, message',
    [
        ('in', [], 'must not be inside one another'),
        ('in/out', [], 'must not be inside one another'),
        ('other', [], 'neither empty nor a folder of this tool'),
        (
            'out',
            ['--suffixes', 'webm'],
            r"no files with a suffix of \['.webm'\]",
        ),
        ('out', ['--crf', '52'], r'crf must be in \[0, 51\], but got 52'),
        ('out', ['--fps', '0'], r'fps must be in \[0.1, 240\], but got 0.0'),
        (
            'out',
            ['--limits', 'frames=9', 'pixel=9'],
            r"name among \['pixels', .*\], but got 'pixel=9'",
        ),
        ('out', ['--limits', 'frames=-1'], "but got 'frames=-1'"),
        ('out', ['--limits', 'frames=0'], 'limits.frames must be'),
        (
            'out',
            ['--workers', '-1'],
            'workers must be an integer >= 0, but got -1',
        ),
    ],
)
def test_compress__refuses(tmp_path, capsys, target, options, message):
    (tmp_path / 'in').mkdir()
    (tmp_path / 'in' / 'a.mp4').write_bytes(b'precious')
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'a.mp4').write_bytes(b'precious')
    assert run(tmp_path / 'in', tmp_path / target, *options) == 2
    assert re.search(message, capsys.readouterr().err)
    assert (tmp_path / 'in' / 'a.mp4').read_bytes() == b'precious'
    assert (tmp_path / 'other' / 'a.mp4').read_bytes() == b'precious'


def test_compress__one_run_per_folder(tmp_path, capsys):
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    write_video(source / 'a.mp4')
    with lock_folder(target, ''):
        assert run(source, target) == 2
    message = f'{target} is in use by .* choose another folder to write'
    assert re.search(message, capsys.readouterr().err)
    assert run(source, target) == 0
    assert sorted(os.listdir(target)) == ['a.mp4', JOURNAL]


def test_compress__prints_sizes_and_speed(tmp_path, capsys):
    source, target = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    write_video(source / 'a.mp4', 40, size=(1280, 720))
    write_gif(source / 'b.gif', 10, GIF_DELAYS, size=(63, 49))
    assert compress.main([str(source), str(target), '--workers', '0']) == 0
    shown = capsys.readouterr().out
    found = re.search(
        r'\(2 videos, median of 5 runs\): ([\d.]+) ms before, ([\d.]+) ms '
        r'after \(([\d.]+) times as fast\)',
        shown,
    )
    before, after, ratio = map(float, found.groups())
    assert ratio == pytest.approx(before / after, rel=0.1)
    sizes = [
        sum(p.stat().st_size for p in folder.glob('[ab].*')) / 1e6
        for folder in (source, target)
    ]
    assert (
        f'size of 2 videos: {sizes[0]:.1f} MB before, {sizes[1]:.1f} MB '
        f'after (a factor of {sizes[1] / sizes[0]:.2f})'
    ) in shown


@pytest.mark.parametrize(
    'module, found',
    [
        ('None', 'import of av halted; None in sys.modules'),
        ('types.SimpleNamespace(__version__="14.0.1")', 'found 14.0.1'),
    ],
)
def test_compress__without_pyav(module, found):
    result = run_python(
        '-c',
        f'import sys, runpy, types; sys.modules["av"] = {module}; '
        f'runpy.run_path({str(TOOL)!r}, run_name="__main__")',
    )
    assert result.returncode == 1
    assert result.stderr == (
        'tools/data/compress.py needs PyAV 14.1 or newer: pip install -U av'
        f' ({found})\n'
    )
