# Copyright (c) clipbert_mm contributors.
"""The command ``clipbert-mm``, in processes of its own on real videos."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from clipbert_mm.apis import ClipBERTInferencer, demo_rows, demo_videos
from clipbert_mm.media.opening import open_video
from tests.toolbox.command_line import (
    export_debug_model,
    json_of,
    run_clipbert,
)
from tests.toolbox.media import write_video
from tests.toolbox.paths import ROOT

pytestmark = pytest.mark.slow

# Names that break HTML, shells, terminals and UTF-8.
HOSTILE = (
    'a"b\'c.mp4',
    'line\nbreak\x1b[31m.mp4',
    '<script>alert(1)</script>'.replace('/', '') + '.mp4',
    os.fsdecode(b'caf\xe9.mp4'),
)
TEXT = 'a red ring moves'


@pytest.fixture(scope='module')
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_debug_model(tmp_path_factory.mktemp('model'))


@pytest.fixture(scope='module')
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four videos with hostile names, and nothing else."""
    folder = tmp_path_factory.mktemp('videos')
    for i, name in enumerate(HOSTILE):
        write_video(folder / name, num_frames=20 + 5 * i)
    return folder


@pytest.fixture(scope='module')
def mixed(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One readable video, and one that is not."""
    folder = tmp_path_factory.mktemp('mixed')
    write_video(folder / 'good.mp4', num_frames=20)
    (folder / 'bad.mp4').write_text('not a video')
    return folder


def is_clean(result: subprocess.CompletedProcess) -> bool:
    """Return whether nothing in the output drives a terminal."""
    return not set(result.stdout + result.stderr) & {'\x1b', '\udce9'}


def test_rank__equals_the_inferencer(model: Path, videos: Path) -> None:
    result = run_clipbert('rank', videos, TEXT, '--model', model, '--json')
    assert (result.returncode, result.stderr) == (0, '')
    found = json_of(result)
    expected = ClipBERTInferencer(model).rank(TEXT, videos)
    assert [m['video'] for m in found['matches']] == [
        m['video'] for m in expected
    ]
    assert {Path(m['video']).name for m in found['matches']} == set(HOSTILE)
    for match, wanted in zip(found['matches'], expected):
        assert match['score'] == pytest.approx(wanted['score'], abs=1e-6)
        assert match['start'] == wanted['start']
        assert len(match['clips']) == len(wanted['clips'])


def test_rank__table(model: Path, videos: Path) -> None:
    result = run_clipbert('rank', videos, TEXT, '--model', model)
    assert result.returncode == 0
    assert is_clean(result)
    for shown in ('line\\nbreak\\x1b[31m.mp4', 'caf\\udce9.mp4', TEXT):
        assert shown in result.stdout
    assert result.stdout.count('.mp4') == 4
    top = run_clipbert('rank', videos, TEXT, '--model', model, '--top-k', '1')
    assert top.stdout.count('.mp4') == 1


def test_rank__report_and_clips(
    model: Path, videos: Path, tmp_path: Path
) -> None:
    page, folder = tmp_path / 'report.html', tmp_path / 'moments'
    words = ('rank', videos, TEXT, '--model', model)
    outputs = ('--html', page, '--save-clips', folder, '--json')
    document = json_of(run_clipbert(*words, *outputs))
    assert ElementTree.fromstring(page.read_text()).tag == 'html'
    files = [Path(match['clip']) for match in document['matches']]
    assert sorted(files) == sorted(folder.iterdir())
    for file in files:
        assert re.fullmatch(r'00\d_[\w-]+_\d\.\d-\d\.\ds\.mp4', file.name)
        with open_video(file) as reader:
            assert len(reader) > 0
    before = {file: file.read_bytes() for file in [page, *files]}
    for option in (outputs[:2], outputs[2:4]):
        again = run_clipbert(*words, *option)
        assert again.returncode == 2
        assert 'or --overwrite.' in again.stderr
    assert before == {file: file.read_bytes() for file in before}
    replaced = run_clipbert(*words, *outputs, '--overwrite')
    assert replaced.returncode == 0


def test_rank__nothing_matched(model: Path, videos: Path) -> None:
    words = ('rank', videos, TEXT, '--model', model, '--min-score', '1')
    result = run_clipbert(*words)
    assert result.returncode == 3
    assert result.stdout == f'No video matches {TEXT!r}.\n'
    assert json_of(run_clipbert(*words, '--json'))['matches'] == []


def test_rank__no_better_than_unrelated_videos(
    model: Path, videos: Path, tmp_path: Path
) -> None:
    for i in range(10):
        write_video(tmp_path / f'{i}.mp4', num_frames=20 + i)
    document = videos / HOSTILE[0]
    words = ('rank', document, TEXT, '--model', model, '--unrelated', tmp_path)
    inferencer = ClipBERTInferencer(model)
    expected = inferencer.rank(TEXT, document, unrelated=tmp_path)
    assert expected.nothing_matches
    found = json_of(run_clipbert(*words, '--json'))
    assert found['nothing_matches'] is True
    assert found['chance'] == pytest.approx(expected.background.chance, 1e-3)
    assert len(found['matches']) == 1
    (tmp_path / 'bad.mp4').write_text('not a video')
    table = run_clipbert(*words)
    assert table.returncode == 4
    (tmp_path / 'bad.mp4').unlink()
    page = tmp_path.parent / 'report.html'
    again = run_clipbert(*words, '--html', page)
    assert again.returncode == 3
    assert '<p>No video matches &#x27;a red ring' in page.read_text()
    assert again.stdout == table.stdout
    assert again.stdout.count('.mp4') == 1
    assert again.stdout.splitlines()[-1] == (
        f'No video matches {TEXT!r}: the best of as many unrelated videos '
        f'scores as high in {100 * found["chance"]:.0f} % of cases.'
    )
    (tmp_path / '0.mp4').unlink()
    few = run_clipbert(*words)
    assert few.returncode == 1
    assert 'unrelated must hold 10 readable videos' in few.stderr


def test_rank__better_than_unrelated_videos(tmp_path: Path) -> None:
    for video in demo_videos()[6:]:
        (tmp_path / Path(video).name).symlink_to(video)
    text = demo_rows()[0]['caption']
    videos = demo_videos()[:6]
    result = run_clipbert(
        'rank', *videos, text, '--unrelated', tmp_path, '--json'
    )
    assert (result.returncode, result.stderr) == (0, '')
    document = json_of(result)
    assert document['matches'][0]['video'] == videos[0]
    assert document['nothing_matches'] is False
    assert document['chance'] < 0.05


def test_describe__nothing_matched(model: Path, videos: Path) -> None:
    words = ('describe', videos / HOSTILE[0], TEXT, '--model', model)
    result = run_clipbert(*words, '--min-score', '1')
    assert result.returncode == 3
    assert result.stdout.startswith('No text matches ')
    assert result.stdout.endswith(".mp4'.\n")
    empty = json_of(run_clipbert(*words, '--min-score', '1', '--json'))
    assert empty['texts'] == []
    assert run_clipbert(*words, '--min-score', '0').returncode == 0


@pytest.mark.parametrize(
    'words',
    [
        ('rank', '{}', TEXT),
        ('score', '{}', '--text', TEXT, 'a blue cross'),
        ('ask', '{}', '', '--options', 'a ring', 'a cross'),
    ],
    ids=lambda words: words[0],
)
def test_commands__some_files_are_unreadable(
    model: Path, mixed: Path, words: tuple[str, ...]
) -> None:
    line = [word.format(mixed) for word in words]
    result = run_clipbert(*line, '--model', model, '--json')
    assert result.returncode == 4
    bad = str(mixed / 'bad.mp4')
    document = json_of(result)
    (skipped,) = document['skipped']
    assert (skipped['video'], skipped['reason'][:14]) == (
        bad,
        'it is a text f',
    )
    assert f'clipbert-mm: unreadable: {bad}: it is a text' in result.stderr
    assert str(mixed / 'good.mp4') in result.stdout


@pytest.mark.parametrize(
    'words',
    [
        ('rank', '{}', TEXT),
        ('describe', '{}', TEXT),
        ('score', '{}', '--text', TEXT),
    ],
    ids=lambda words: words[0],
)
def test_commands__no_file_is_readable(
    model: Path, mixed: Path, words: tuple[str, ...]
) -> None:
    line = [word.format(mixed / 'bad.mp4') for word in words]
    result = run_clipbert(*line, '--model', model, '--json')
    assert result.returncode == 4
    assert len(json_of(result)['skipped']) == 1
    assert result.stderr.endswith('none of the 1 videos can be read\n')


def test_score__table_and_json(model: Path, videos: Path) -> None:
    files = [videos / name for name in HOSTILE[:2]]
    words = ('score', *files, '--text', TEXT, 'a blue cross', '--model', model)
    table = run_clipbert(*words)
    assert (table.returncode, is_clean(table)) == (0, True)
    assert TEXT in table.stdout
    document = json_of(run_clipbert(*words, '--json'))
    assert document['texts'] == [TEXT, 'a blue cross']
    expected = ClipBERTInferencer(model).score(files, document['texts'])
    found = [row['scores'] for row in document['scores']]
    assert found == [pytest.approx(row, abs=1e-6) for row in expected.tolist()]


def test_describe__table_and_json(model: Path, videos: Path) -> None:
    texts = [TEXT, 'a blue cross', 'a dog']
    words = ('describe', videos / HOSTILE[0], *texts, '--model', model)
    table = run_clipbert(*words)
    assert table.returncode == 0
    assert all(text in table.stdout for text in texts)
    document = json_of(run_clipbert(*words, '--json'))
    scores = [row['score'] for row in document['texts']]
    assert scores == sorted(scores, reverse=True)
    assert {row['text'] for row in document['texts']} == set(texts)


@pytest.mark.parametrize('command', ['describe', 'explain'])
def test_commands__one_file_is_no_folder(command: str, videos: Path) -> None:
    for name in (videos, f'{videos}/*.mp4'):
        result = run_clipbert(command, name, TEXT)
        assert result.returncode == 2
        assert 'is a folder or a pattern' in result.stderr


def test_ask__table_and_json(model: Path, videos: Path) -> None:
    words = ('ask', videos, 'is it', '--options', 'a ring', 'a cross')
    table = run_clipbert(*words, '--model', model)
    assert table.returncode == 0
    assert table.stdout.count('a ring') == 4
    document = json_of(run_clipbert(*words, '--model', model, '--json'))
    assert len(document['videos']) == 4
    for row in document['videos']:
        assert {a['answer'] for a in row['answers']} == {'a ring', 'a cross'}


@pytest.mark.parametrize(
    'words, message',
    [
        (('rank', '{}', 'кошка'), "error: The model's vocabulary knows none"),
        (('ask', '{}', 'what'), r'error: answer() without options cannot use'),
        (('rank', '{}', TEXT, '--device', 'tpu9'), 'error: '),
        (('rank', '{}', TEXT, '--decoder', 'vlc'), 'error: decoder must be'),
    ],
)
def test_commands__errors_are_one_line(
    model: Path, videos: Path, words: tuple[str, ...], message: str
) -> None:
    line = [word.format(videos) for word in words]
    result = run_clipbert(*line, '--model', model)
    assert (result.returncode, result.stdout) == (1, '')
    assert message in result.stderr
    assert result.stderr.count('\n') == 1


def test_rank__no_such_model(videos: Path) -> None:
    result = run_clipbert('rank', videos, TEXT, '--model', 'no/such')
    assert (result.returncode, result.stdout) == (1, '')
    assert "error: The model 'no/such' is neither" in result.stderr
    debug = run_clipbert('rank', videos, TEXT, '--model', 'no/such', '--debug')
    assert 'Traceback (most recent call last)' in debug.stderr


def test_rank__reader_that_stops(model: Path, videos: Path) -> None:
    line = [sys.executable, '-m', 'clipbert_mm.cli.main', 'rank', videos, TEXT]
    command = shlex.join([str(word) for word in [*line, '--model', model]])
    result = subprocess.run(
        ['bash', '-c', f'{command} | true; echo ${{PIPESTATUS[0]}}'],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    assert (result.stdout, result.stderr) == ('0\n', '')


def test_export__and_its_json(model: Path, tmp_path: Path) -> None:
    weights = model.parent / 'debug.pth'
    words = ('export', 'clipbert_debug', weights, tmp_path / 'new')
    document = json_of(run_clipbert(*words, '--json'))
    assert document['folder'] == str(tmp_path / 'new')
    assert (tmp_path / 'new' / 'model.safetensors').is_file()
    again = run_clipbert(*words)
    assert again.returncode == 1
    assert 'Traceback' not in again.stderr


def test_convert__table_json_and_errors(tmp_path: Path) -> None:
    for name in ('train', 'val', 'test'):
        (tmp_path / f'{name}.json').write_text(
            f'[{{"video": "{name}.mp4", "dl_link": "", "description": "a"}}]'
        )
    words = [f'--{n}={tmp_path}/{n}.json' for n in ('train', 'val', 'test')]
    table = run_clipbert('convert', 'didemo', *words, '--out', tmp_path / 'a')
    assert table.returncode == 0
    assert 'written to' in table.stdout
    result = run_clipbert(
        'convert', 'didemo', *words, '--out', tmp_path / 'b', '--json'
    )
    assert json_of(result)['splits']['val']['texts'] == 1
    again = run_clipbert('convert', 'didemo', *words, '--out', tmp_path / 'a')
    assert (again.returncode, again.stdout) == (1, '')
    assert 'already exists. Pass --overwrite' in again.stderr


def test_compress__table_json_and_errors(mixed: Path, tmp_path: Path) -> None:
    options = ('--workers', '0', '--speed-sample', '0')
    result = run_clipbert(
        'compress', mixed, tmp_path / 'a', *options, '--json'
    )
    assert result.returncode == 1  # one of them is no video
    document = json_of(result)
    assert [Path(v['source']).name for v in document['finished']] == [
        'good.mp4'
    ]
    assert str(mixed / 'bad.mp4') in document['failed']
    nothing = run_clipbert('compress', tmp_path / 'no', tmp_path / 'b')
    assert nothing.returncode == 2
    assert 'There is no folder' in nothing.stderr


def test_check__json_is_alone(tmp_path: Path) -> None:
    result = run_clipbert('check', 'clipbert_debug', '--json', cwd=tmp_path)
    assert result.returncode == 1  # there is no data
    assert json_of(result)['problems']
    unknown = run_clipbert('check', 'no_config')
    assert (unknown.returncode, unknown.stdout) == (2, '')
    assert "No config 'no_config' comes with clipbert_mm" in unknown.stderr


def test_doctor__table_and_json() -> None:
    table = run_clipbert('doctor')
    assert table.returncode == 0, table.stdout
    for subject in ('torch', 'decoder pyav', 'codecs', 'memory', 'hub cache'):
        assert subject in table.stdout
    document = json_of(run_clipbert('doctor', '--json'))
    states = {f['subject']: f['state'] for f in document['findings']}
    assert states['repair drn'] == 'fine'
    assert document['broken'] == []


def test_doctor__without_mmcv(tmp_path: Path) -> None:
    (tmp_path / 'mmcv.py').write_text('raise ModuleNotFoundError(name="mmcv")')
    path = f'{tmp_path}{os.pathsep}{ROOT}'
    result = subprocess.run(
        [sys.executable, '-m', 'clipbert_mm.cli.main', 'doctor', '--json'],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': path, 'HF_HUB_OFFLINE': '1'},
    )
    assert result.returncode == 1
    document = json_of(result)
    assert 'host packages' in document['broken']
    (host,) = [
        f for f in document['findings'] if f['subject'] == 'host packages'
    ]
    assert host['remedy'] == 'pip install mmcv-lite==2.1.0'


def test_explain__equals_the_inferencer(
    model: Path, videos: Path, mixed: Path, tmp_path: Path
) -> None:
    video = videos / HOSTILE[0]
    image = tmp_path / 'where.png'
    options = ('--model', model, '--json')
    result = run_clipbert('explain', video, TEXT, '--out', image, *options)
    assert (result.returncode, result.stderr) == (0, '')
    expected = ClipBERTInferencer(model).explain(video, TEXT)
    found = json_of(result)
    assert found['score'] == pytest.approx(expected.score, abs=1e-6)
    assert [w['word'] for w in found['words']] == TEXT.split()
    np.testing.assert_array_equal(Image.open(image), expected.draw())
    again = run_clipbert('explain', video, TEXT, '--out', image, *options)
    assert again.returncode == 2  # the image exists
    bad = run_clipbert('explain', mixed / 'bad.mp4', TEXT, *options)
    assert bad.returncode == 4
