# Copyright (c) clipbert_mm contributors.
"""A run that was killed and resumed equals one that never stopped."""

import itertools
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from clipbert_mm.cli import train
from tests.toolbox.paths import ROOT
from tests.toolbox.processes import wait_for
from tests.toolbox.shrink import shrink, write_config
from tools.benchmarks.kills.harness import random_kills, run, run_despite_kills
from tools.benchmarks.kills.training import (
    CompleteCheckpoints,
    differing_weights,
    training_job,
    write_corpus,
)

pytestmark = pytest.mark.slow

TRAIN = ROOT / 'tools' / 'train.py'
EPOCHS = 4


def train_command(config: Path, work_dir: Path, *options: str) -> list[str]:
    return [
        sys.executable,
        '-W',
        'ignore',
        str(TRAIN),
        str(config),
        '--work-dir',
        str(work_dir),
        '--seed',
        '5',
        *options,
    ]


def final_weights(work_dir: Path) -> dict[str, torch.Tensor]:
    return torch.load(work_dir / f'epoch_{EPOCHS}.pth')['state_dict']


def test_resume__killed_run_equals_uninterrupted_run(
    corpus: Path, tmp_path: Path
) -> None:
    configs = [
        write_config(
            shrink(
                'clipbert_msrvtt_ret',
                corpus,
                train_cfg__max_epochs=EPOCHS,
                param_scheduler__end=EPOCHS,
                train_dataloader__num_workers=workers,
                train_dataloader__persistent_workers=workers > 0,
                # Cell sampling draws in the model, also after a resume.
                model__head__num_sampled_cells=3,
            ),
            tmp_path / f'workers{workers}.py',
        )
        for workers in (0, 2)
    ]
    whole = tmp_path / 'whole'
    subprocess.run(
        train_command(configs[0], whole, '--no-validate'),
        check=True,
        capture_output=True,
    )

    killed = tmp_path / 'killed'
    process = subprocess.Popen(
        train_command(configs[1], killed),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # last_checkpoint is written after the checkpoint is complete.
    wait_for(process, (killed / 'last_checkpoint').exists, 120)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (killed / f'epoch_{EPOCHS}.pth').exists()

    log = subprocess.run(
        train_command(configs[1], killed, '--resume', '--no-validate'),
        check=True,
        capture_output=True,
        text=True,
    )
    assert 'resumed epoch' in log.stdout + log.stderr
    expected, resumed = final_weights(whole), final_weights(killed)
    assert expected.keys() == resumed.keys()
    for name, value in expected.items():
        assert torch.equal(value, resumed[name]), name


def test_kills__at_random_and_while_a_checkpoint_is_written(
    tmp_path: Path,
) -> None:
    # `python -m tools.benchmarks.kills` does the same for longer.
    videos = write_corpus(tmp_path / 'videos')
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    seconds = run(training_job(videos, whole))
    kills = itertools.islice(
        random_kills(random.Random(5), seconds / 2, killed), 4
    )
    counts = run_despite_kills(
        training_job(videos, killed), kills, CompleteCheckpoints(killed)
    )
    assert counts.total() > 0
    assert differing_weights(whole, killed) == []
    names = sorted(path.name for path in whole.glob('*.pth'))
    assert sorted(path.name for path in killed.glob('*.pth')) == names


def test_train__refuses_and_overwrites(corpus: Path, tmp_path: Path) -> None:
    cfg = shrink('clipbert_msrvtt_ret', corpus)
    command = [
        str(write_config(cfg, tmp_path / 'cfg.py')),
        f'--work-dir={tmp_path}/run',
        '--no-validate',
    ]
    train.main(command)
    saved = tmp_path / 'run' / 'epoch_1.pth'
    before = saved.read_bytes()
    with pytest.raises(SystemExit, match='--resume, start .* --overwrite'):
        train.main(command)
    assert saved.read_bytes() == before
    train.main([*command, '--overwrite'])
    saved.write_bytes(b'<html>')
    with pytest.raises(SystemExit, match='epoch_1.pth: it is a web page'):
        train.main([*command, '--resume'])
    with pytest.raises(SystemExit, match='cannot resume from .*web page'):
        train.main([*command, '--resume', str(saved)])
    train.main([*command, '--resume', '--overwrite'])
    assert torch.load(saved)['meta']['epoch'] == 1
