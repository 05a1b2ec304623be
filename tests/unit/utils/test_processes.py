# Copyright (c) clipbert_mm contributors.
"""Tests of running code once for all processes."""

import os
from pathlib import Path

import pytest
from mmengine.model import BaseModel, MMDistributedDataParallel
from torch import distributed, nn

from clipbert_mm.utils.processes import on_main, unwrap
from tests.toolbox.processes import free_port, run_ranks

pytestmark = pytest.mark.slow


def join(rank: int, port: str) -> None:
    """Join a process group of two."""
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
    distributed.init_process_group('gloo', rank=rank, world_size=2)


def call_on_main(rank: int, port: str, folder: str) -> None:
    join(rank, port)

    def work() -> str:
        Path(folder, f'ran_{rank}').touch()
        return f'by {rank}'

    def fail() -> None:
        raise KeyError(f'in {rank}')

    assert on_main(work) == 'by 0'
    with pytest.raises(KeyError, match='in 0'):
        on_main(fail)
    distributed.destroy_process_group()


def test_on_main__all_processes_get_the_result_and_the_error(tmp_path):
    run_ranks(call_on_main, free_port(), str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ['ran_0']


def test_on_main__single_process_is_the_main_one():
    assert on_main(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        on_main(lambda: 1 / 0)


class Model(BaseModel):
    """Model of MMEngine around a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, *_: object, **__: object) -> None:
        raise NotImplementedError


def unwrap_distributed(rank: int, port: str) -> None:
    join(rank, port)
    model = Model()
    assert unwrap(MMDistributedDataParallel(model)) is model
    distributed.destroy_process_group()


def test_unwrap__distributed_model():
    run_ranks(unwrap_distributed, free_port())


def test_unwrap__leaves_a_bare_model_alone():
    model = Model()
    model.module = nn.Linear(1, 1)  # not a wrapper, whatever its attributes
    assert unwrap(model) is model
