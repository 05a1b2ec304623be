# Copyright (c) clipbert_mm contributors.
"""Runs of one to four processes give the same metrics, with few videos too."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from clipbert_mm.cli import test, train
from tests.toolbox.processes import free_port, run_ranks
from tests.toolbox.shrink import metrics_in, shrink, write_config

pytestmark = pytest.mark.slow

WORLDS = (1, 2, 3, 4)
FEW = 3  # fewer videos than the largest world has processes
CASES = {
    'retrieval': ('clipbert_msrvtt_ret', None),
    'all pairs': ('clipbert_msrvtt_ret', 'PairScoringLoop'),
    'answers': ('clipbert_msrvtt_qa', None),
}


def write_few(corpus: Path) -> None:
    """Write annotation files of the first videos alone."""
    for kind in ('', 'open_'):
        for split in ('train', 'test'):
            lines = (corpus / f'{kind}{split}.jsonl').read_text().splitlines()
            names = [f'"{split}{i}"' for i in range(FEW)]
            few = [n for n in lines if any(name in n for name in names)]
            path = corpus / f'few_{kind}{split}.jsonl'
            path.write_text('\n'.join(few) + '\n')


def few_config(corpus: Path, name: str, loop: str | None) -> Any:
    """Shrink a config to the few videos."""
    cfg = shrink(name, corpus)
    for split in ('train', 'val', 'test'):
        dataset = cfg[f'{split}_dataloader'].dataset
        dataset.ann_file = f'few_{dataset.ann_file}'
    cfg.train_dataloader.batch_size = 1
    if loop is not None:
        cfg.test_cfg = dict(type=loop)
    return cfg


def run_tools(rank: int, world: int, folder: str, ports: list[str]) -> None:
    """One process of a world: train and test every case, as torchrun does."""
    torch.set_num_threads(1)
    for number, (case, place) in enumerate(
        (case, Path(folder) / f'{case} {world}') for case in CASES
    ):
        os.environ.update(
            RANK=str(rank),
            LOCAL_RANK=str(rank),
            WORLD_SIZE=str(world),
            MASTER_ADDR='127.0.0.1',
        )
        config = f'{folder}/{case}.json'
        launcher = ['--launcher', 'pytorch']
        os.environ['MASTER_PORT'] = ports[2 * number]
        train.main([config, '--work-dir', f'{place}/trained', *launcher])
        os.environ['MASTER_PORT'] = ports[2 * number + 1]
        checkpoint = f'{folder}/{case} 1/trained/epoch_1.pth'
        test.main(
            [config, checkpoint, '--work-dir', f'{place}/tested', *launcher]
        )


@pytest.fixture(scope='module')
def worlds(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train and test in each world; all test the checkpoints of the first."""
    folder = tmp_path_factory.mktemp('worlds')
    write_few(corpus)
    for case, (name, loop) in CASES.items():
        write_config(few_config(corpus, name, loop), folder / f'{case}.py')
    for world in WORLDS:
        ports = [free_port() for _ in range(2 * len(CASES))]
        run_ranks(run_tools, world, str(folder), ports, processes=world)
    return folder


@pytest.mark.parametrize('case', CASES)
def test_testing__gives_the_metrics_of_one_process(
    worlds: Path, case: str
) -> None:
    expected = metrics_in(worlds / f'{case} 1' / 'tested')
    assert expected
    for world in WORLDS[1:]:
        found = metrics_in(worlds / f'{case} {world}' / 'tested')
        assert found == expected, world


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('world', WORLDS)
def test_training__saves_finite_weights(
    worlds: Path, corpus: Path, case: str, world: int
) -> None:
    path = worlds / f'{case} {world}' / 'trained' / 'epoch_1.pth'
    checkpoint = torch.load(path, weights_only=False)
    for value in checkpoint['state_dict'].values():
        assert torch.isfinite(value).all()
    kind = 'open_' if case == 'answers' else ''
    items = (corpus / f'few_{kind}train.jsonl').read_text().splitlines()
    # A step for each item of a process; in the last one, items repeat.
    assert checkpoint['meta']['iter'] == -(-len(items) // world)
