# Copyright (c) clipbert_mm contributors.
"""A process that stalls or dies ends the run of tools/dist_train.sh."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.toolbox.paths import ROOT, TOOLS
from tests.toolbox.processes import free_port, wait_for

pytestmark = pytest.mark.slow

# A model of one layer, and items that note which process loads them.
PLUGIN = """
import os
import time
import torch
from mmaction.registry import DATASETS, MODELS
from mmengine.model import BaseModel


@DATASETS.register_module()
class Numbers(torch.utils.data.Dataset):
    start = None

    def __len__(self):
        return 4

    def __getitem__(self, index):
        time.sleep(0.05)  # the machine has other things to do
        now = time.monotonic()
        self.start = self.start or now
        if 0 < self.start < now - 3:  # after some iterations
            self.start = -1
            with open(f'pid_{os.environ["RANK"]}', 'w') as file:
                file.write(f'{os.getpid()} ')
        return dict(inputs=torch.full((2, ), float(index)))


@MODELS.register_module()
class Line(BaseModel):

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(2, 1)

    def forward(self, inputs, mode='tensor'):
        return dict(loss=self.linear(inputs).square().mean())
"""

CONFIG = """
default_scope = 'mmaction'
custom_imports = dict(imports=['clipbert_mm', 'line_plugin'])
model = dict(type='Line')
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    dataset=dict(type='Numbers'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'))
train_cfg = dict(by_epoch=True, max_epochs=1000000)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01))
default_hooks = dict(checkpoint=None, logger=dict(
    type='LoggerHook', interval=1000000))
env_cfg = dict(dist_cfg=dict(backend='gloo', timeout=20))
"""


class Run:
    """A training by tools/dist_train.sh in two processes, without end.

    Args:
        folder (Path): Folder to run in.
    """

    def __init__(self, folder: Path) -> None:
        (folder / 'line_plugin.py').write_text(PLUGIN)
        (folder / 'line.py').write_text(CONFIG)
        self.folder = folder
        self.log = folder / 'log.txt'
        with open(self.log, 'w') as log:
            self.script = subprocess.Popen(
                [TOOLS / 'dist_train.sh', 'line.py', '2'],
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    'PATH': f'{Path(sys.executable).parent}{os.pathsep}'
                    f'{os.environ["PATH"]}',
                    'PYTHONPATH': f'{ROOT}:{folder}',
                    'CUDA_VISIBLE_DEVICES': '-1',
                    'OMP_NUM_THREADS': '1',
                    'PORT': free_port(),
                },
            )
        self.pids = [self._wait_for_pid(rank) for rank in range(2)]

    def _wait_for_pid(self, rank: int) -> int:
        """Return the process of a rank once it trains."""
        path = self.folder / f'pid_{rank}'
        wait_for(
            self.script,
            lambda: path.exists() and path.read_text().endswith(' '),
            300,
        )
        return int(path.read_text())

    def living_ranks(self) -> list[int]:
        """Return the ranks whose processes exist."""
        return [rank for rank in range(2) if is_alive(self.pids[rank])]


def is_alive(pid: int) -> bool:
    """Return whether a process exists that has not ended."""
    try:
        status = Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    return status.rpartition(')')[2].split()[0] != 'Z'


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A training that is at work."""
    run = Run(tmp_path)
    yield run
    run.script.kill()
    run.script.wait()
    for rank in run.living_ranks():
        os.kill(run.pids[rank], signal.SIGKILL)


def test_stopped_rank__is_named_and_ends_the_run(run: Run) -> None:
    os.kill(run.pids[0], signal.SIGSTOP)
    assert run.script.wait() != 0
    found = re.search(
        rf'Rank 1 ends the run: rank 0 \(process '
        rf'{run.pids[0]} on {socket.gethostname()}, at .*train '
        r'iteration \d+\) has given no sign of life for (\d+) s',
        run.log.read_text(),
    )
    assert found, run.log.read_text()[-3000:]
    assert int(found[1]) >= 18  # 0.9 of the timeout
    assert run.living_ranks() == []


def test_killed_rank__is_named_and_ends_the_run(run: Run) -> None:
    os.kill(run.pids[1], signal.SIGKILL)
    assert run.script.wait() != 0
    assert re.search(
        rf'exitcode: -9\).*local_rank: 1 \(pid: {run.pids[1]}\)',
        run.log.read_text(),
    )
    assert run.living_ranks() == []


def test_killed_launcher__leaves_no_process(run: Run) -> None:
    run.script.kill()
    run.script.wait()
    while run.living_ranks():
        time.sleep(0.1)
    assert 'the store of the run does not answer' in run.log.read_text()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_ended_launcher__ends_its_processes(run: Run, number: int) -> None:
    run.script.send_signal(number)
    assert run.script.wait() != 0
    assert run.living_ranks() == []


def test_second_run__is_refused_in_the_same_folder(run: Run) -> None:
    result = subprocess.run(
        [sys.executable, TOOLS / 'train.py', 'line.py'],
        cwd=run.folder,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            'PYTHONPATH': f'{ROOT}:{run.folder}',
            'OMP_NUM_THREADS': '1',
        },
    )
    assert result.returncode == 1
    assert (
        f'{run.folder}/work_dirs/line is in use by process {run.pids[0]} '
        f'on {socket.gethostname()} since '
    ) in result.stderr
    assert 'or pass another --work-dir.' in result.stderr
    assert 'Traceback' not in result.stderr
    logs = list((run.folder / 'work_dirs' / 'line').glob('2*'))
    assert len(logs) == 1  # of the first run
