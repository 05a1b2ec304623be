# Copyright (c) clipbert_mm contributors.
"""Tests of the shell scripts, with real processes and a tiny model."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.toolbox.paths import ROOT, TOOLS
from tests.toolbox.processes import run_command

PLUGIN = """
import torch
from mmaction.registry import DATASETS, METRICS, MODELS
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel


@DATASETS.register_module()
class Numbers(torch.utils.data.Dataset):

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return dict(inputs=torch.full((2, ), float(index)))


@MODELS.register_module()
class Line(BaseModel):

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(2, 1)

    def forward(self, inputs, mode='tensor'):
        outputs = self.linear(inputs)
        if mode == 'loss':
            return dict(loss=outputs.square().mean())
        return [dict(index=float(i[0])) for i in inputs]


@METRICS.register_module()
class Count(BaseMetric):

    def process(self, data_batch, data_samples):
        self.results.extend(s['index'] for s in data_samples)

    def compute_metrics(self, results):
        return dict(count=len(results))
"""

CONFIG = """
default_scope = 'mmaction'
custom_imports = dict(imports=['clipbert_mm', 'line_plugin'])
loader = dict(
    batch_size=1,
    num_workers=0,
    dataset=dict(type='Numbers'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'))
model = dict(type='Line')
train_dataloader = loader
test_dataloader = loader
train_cfg = dict(by_epoch=True, max_epochs=1)
test_cfg = dict()
test_evaluator = dict(type='Count')
optim_wrapper = dict(
    type='AmpOptimWrapper', dtype='bfloat16',
    optimizer=dict(type='SGD', lr=0.01))
randomness = dict(seed=0)
"""


def run(*command: object, cwd: Path, **env: str) -> str:
    """Run a command away from the checkout, without a GPU."""
    return run_command(
        *command,
        cwd=cwd,
        **{
            'PYTHONPATH': f'{ROOT}:{cwd}',
            'CUDA_VISIBLE_DEVICES': '-1',
            **env,
        },
    )


@pytest.fixture(scope='module')
def trained(tmp_path_factory) -> tuple[Path, str]:
    """A folder where two processes have trained one epoch, and the log."""
    folder = tmp_path_factory.mktemp('elsewhere')
    (folder / 'line_plugin.py').write_text(PLUGIN)
    (folder / 'line.py').write_text(CONFIG)
    log = run(TOOLS / 'dist_train.sh', 'line.py', 2, '--seed', 3, cwd=folder)
    return folder, log


@pytest.mark.slow
def test_dist_train__trains_on_two_cpu_processes(trained):
    folder, log = trained
    assert (folder / 'work_dirs' / 'line' / 'epoch_1.pth').is_file()
    assert 'Distributed launcher: pytorch' in log
    assert 'GPU number: 2' in log  # the number of processes
    assert 'Epoch(train) [1][3/3]' in log  # 5 items, padded to 6
    assert 'seed: 3' in log


@pytest.mark.slow
def test_dist_train__says_that_it_trains_in_full_precision(trained):
    assert 'No GPU found: training in full precision' in trained[1]


@pytest.mark.slow
def test_dist_train__is_silent_about_operators_that_it_does_not_use(trained):
    assert 'MultiScaleDeformableAttention' not in trained[1]


@pytest.mark.slow
def test_train__resumes_on_one_process(trained):
    folder, _ = trained
    log = run(
        sys.executable,
        TOOLS / 'train.py',
        'line.py',
        '--resume',
        '--cfg-options',
        'train_cfg.max_epochs=2',
        cwd=folder,
    )
    assert 'resumed epoch: 1' in log
    assert 'Epoch(train) [1]' not in log
    assert (folder / 'work_dirs' / 'line' / 'epoch_2.pth').is_file()


@pytest.mark.slow
def test_dist_test__sees_every_item_once_and_in_order(trained):
    folder, _ = trained
    log = run(
        TOOLS / 'dist_test.sh',
        'line.py',
        'work_dirs/line/epoch_1.pth',
        2,
        '--dump',
        'predictions.pkl',
        cwd=folder,
    )
    assert 'count: 5' in log
    predictions = pickle.loads((folder / 'predictions.pkl').read_bytes())
    assert [p['index'] for p in predictions] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    'name',
    ['dist_train', 'dist_test', 'slurm_train', 'slurm_test', 'setup_env'],
)
def test_script__without_arguments_prints_its_usage(name):
    result = subprocess.run(
        [TOOLS / f'{name}.sh'], capture_output=True, text=True
    )
    assert result.returncode == 2
    assert f'tools/{name}.sh ' in result.stderr


@pytest.mark.parametrize(
    'name, arguments, expected',
    [
        (
            'slurm_train',
            ['part', 'job', 'a.py', '--amp'],
            ['train.py', 'a.py', '--launcher', 'slurm', '--amp'],
        ),
        (
            'slurm_test',
            ['part', 'job', 'a.py', 'b.pth', '--out', 'c.npz'],
            [
                'test.py',
                'a.py',
                'b.pth',
                '--launcher',
                'slurm',
                '--out',
                'c.npz',
            ],
        ),
    ],
)
def test_slurm__asks_for_gpus_and_runs_the_tool(
    name, arguments, expected, tmp_path
):
    srun = tmp_path / 'srun'
    srun.write_text('#!/bin/sh\nfor part; do echo "$part"; done\n')
    srun.chmod(0o755)
    result = subprocess.run(
        [TOOLS / f'{name}.sh', *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={
            **os.environ,
            'PATH': f'{tmp_path}:{os.environ["PATH"]}',
            'GPUS': '16',
            'SRUN_ARGS': '--time 10 --exclusive',
        },
    )
    lines = result.stdout.splitlines()
    assert lines[:9] == [
        '-p',
        'part',
        '--job-name=job',
        '--gres=gpu:8',
        '--ntasks=16',
        '--ntasks-per-node=8',
        '--cpus-per-task=5',
        '--kill-on-bad-exit=1',
        '--time',
    ]
    assert lines[-len(expected) :] == [str(TOOLS / expected[0]), *expected[1:]]
