# Copyright (c) clipbert_mm contributors.
"""Tests of the quickstart: its stages, and a short run of all of it."""

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clipbert_mm.quickstart import commands, configs, stages
from clipbert_mm.quickstart.options import parse_args
from clipbert_mm.quickstart.tasks import retrieval
from tests.toolbox.paths import TOOLS
from tests.toolbox.vocabulary import write_vocabulary


@pytest.fixture
def args(tmp_path: Path) -> argparse.Namespace:
    write_vocabulary(tmp_path / 'corpus' / 'tokenizer', ['a', 'b'])
    return parse_args(['--work-dir', str(tmp_path), '--seed', '5'])


@pytest.mark.parametrize('name', ['pretrain', 'retrieval'])
def test_stage_config__paths_vocabulary_and_seed(
    args: argparse.Namespace, name: str
) -> None:
    cfg = configs.stage_config(name, args)
    corpus = str(args.work_dir / 'corpus')
    assert 'data/quickstart' not in str(cfg).replace(corpus, '')
    for dataset in configs.find_dicts(cfg, 'ann_file'):
        assert dataset['data_root'] == corpus
    for part in configs.find_dicts(cfg['model'], 'vocab_size'):
        assert part['vocab_size'] == 7
    assert cfg['randomness']['seed'] == 5


@pytest.mark.parametrize('gpus, batch', [(0, 32), (1, 32), (4, 8), (5, 7)])
def test_stage_config__batch_is_shared_between_gpus(
    args: argparse.Namespace, gpus: int, batch: int
) -> None:
    args.gpus = gpus
    cfg = configs.stage_config('pretrain', args)
    assert cfg['train_dataloader']['batch_size'] == batch


def test_stage_config__no_pretrain_drops_mlm_and_keeps_the_steps(
    args: argparse.Namespace,
) -> None:
    with_mlm = configs.stage_config('pretrain', args)
    args.no_pretrain = True
    cfg = configs.stage_config('pretrain', args)
    assert cfg['model']['task']['with_mlm'] is False
    data, data_with_mlm = (str(c['train_dataloader']) for c in (cfg, with_mlm))
    for name in ('MaskTokens', 'mlm_labels'):
        assert name in data_with_mlm
        assert name not in data
    assert cfg['train_cfg'] == with_mlm['train_cfg']


def test_finish__again_only_with_another_config(tmp_path: Path) -> None:
    runs = []

    def run(config: Path) -> None:
        runs.append(config.read_text())
        (config.parent / 'epoch_1.pth').touch()

    folder = tmp_path / 'stage'
    assert stages.finish(folder, dict(a=1), run)
    assert not stages.finish(folder, dict(a=1), run)
    assert (folder / 'epoch_1.pth').exists()
    assert stages.finish(folder, dict(a=2), run)
    assert runs == ['a = 1\n', 'a = 2\n']


def test_finish__interrupted_stage_is_done_again(tmp_path: Path) -> None:
    def fail(config: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stages.finish(tmp_path / 'stage', dict(a=1), fail)
    assert stages.finish(tmp_path / 'stage', dict(a=1), lambda config: None)


def test_run_command__failure_shows_the_log(tmp_path: Path) -> None:
    config = tmp_path / 'config.py'
    config.write_text('model = dict(type="NoSuchModel")')
    with pytest.raises(SystemExit, match='ended with status 1.*log.txt'):
        commands.run_command('train', [str(config)])


def test_skip_train__without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match='no checkpoint .* --skip-train'):
        stages.last_checkpoint(tmp_path)


@pytest.mark.parametrize(
    'query, found',
    [
        ('there is a large crimson disc', None),
        ('a big red disc on black at the right', None),
        ('Small, violet box left on grey!', 'gallery001'),
    ],
)
def test_right_video__by_attributes(query: str, found: str) -> None:
    rows = [
        dict(
            clip_name='gallery000',
            caption='a large red circle moves at the left of a black '
            'background',
        ),
        dict(
            clip_name='gallery001',
            caption='at the left we see a little square that is purple on '
            'gray',
        ),
    ]
    assert retrieval.right_video(query, rows) == found


@pytest.mark.parametrize(
    'options, message',
    [
        (['--out', 'scores.txt'], 'must end in .npz, but got scores.txt'),
        (['--top', '0'], 'but got 0 and 0'),
        (['--gpus', '-1'], 'but got 8 and -1'),
    ],
)
def test_parse_args__wrong(
    options: list[str], message: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit):
        parse_args(options)
    assert message in capsys.readouterr().err


def run(folder: Path, *command: object) -> str:
    """Output of a command in a folder."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.slow
def test_quickstart__all_of_it_and_what_it_suggests(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        *(sys.executable, TOOLS / 'quickstart.py', '--smoke'),
        *('--work-dir', 'work', '--out', 'scores/all.npz'),
    )
    saved = np.load(tmp_path / 'scores' / 'all.npz')
    assert saved['scores'].shape == (10, 10)
    assert len(set(saved['video_ids'])) == 10
    ranks = (saved['scores'] >= np.diag(saved['scores'])[:, None]).sum(1)
    order = [f'gallery{int(i):03d}' for i in saved['text_ids']]
    assert list(saved['video_ids']) == order  # the diagonal is the own video
    result = json.loads((tmp_path / 'work' / 'result.json').read_text())
    assert result['t2v/R5'] == pytest.approx(100 * (ranks <= 5).mean())
    assert result['seed'] == 0
    assert result['smoke']
    assert 'chance:        R@1 10.0 %' in said
    assert 'What next' in said
    first = np.asarray(Image.open(tmp_path / 'work' / 'contact_sheet.png'))

    suggested = [shlex.split(x) for x in said.splitlines() if ' -m ' in x]
    search, compare, train, *_ = suggested
    assert compare[1:4] == [
        '-m',
        'clipbert_mm.cli.quickstart',
        '--no-pretrain',
    ]
    assert train[1:] == ['-m', 'clipbert_mm.cli.train', 'YOUR_CONFIG.py']
    said = run(tmp_path.parent, *search, '--top', '2')
    assert 'query: a big red disc moves' in said
    assert 'tested earlier' in said
    second = np.asarray(Image.open(tmp_path / 'work' / 'contact_sheet.png'))
    assert second.shape[0] < first.shape[0]
