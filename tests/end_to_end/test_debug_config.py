# Copyright (c) clipbert_mm contributors.
"""Every tool runs on configs/clipbert_debug.py, as its header says."""

import json
from pathlib import Path

import pytest
import torch

from clipbert_mm.cli import check, convert_weights, test, train
from clipbert_mm.quickstart.corpus.scene_corpus import (
    CorpusSettings,
    generate,
)
from tools.benchmarks import flops

NAME = 'clipbert_debug'
pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the folder of the header and train on it."""
    folder = tmp_path_factory.mktemp('debug')
    generate(folder / 'data', CorpusSettings(images=8, videos=16, gallery=8))
    train.main([NAME, '--work-dir', f'{folder}/work', *options(folder)])
    return folder


def options(folder: Path) -> list[str]:
    return ['--cfg-options', f'data_root={folder}/data']


def checkpoint(folder: Path) -> str:
    return str(folder / 'work' / 'epoch_2.pth')


def recalls(work_dir: Path) -> dict[str, float]:
    """Read the recalls that a run logged last."""
    rows = [
        json.loads(line)
        for path in work_dir.rglob('*.json')
        for line in path.read_text().splitlines()
        if 't2v/R1' in line
    ]
    return {k: v for k, v in rows[-1].items() if k.startswith(('t2v', 'v2t'))}


def test_train_and_test__report_the_same_recall(folder: Path) -> None:
    test.main(
        [
            NAME,
            checkpoint(folder),
            '--work-dir',
            f'{folder}/tested',
            '--show-dir',
            f'{folder}/sheets',
            '--num-sheets',
            '2',
            *options(folder),
        ]
    )
    sheets = sorted(path.name for path in (folder / 'sheets').iterdir())
    assert [name[:12] for name in sheets] == [
        'text_000000_',
        'text_000004_',
        'video_000000',
        'video_000004',
    ]
    trained = recalls(folder / 'work')
    assert trained == recalls(folder / 'tested')
    assert trained['t2v/R10'] == 100  # of 8 videos


def test_check__finds_no_problem(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [NAME, '--workers', '0', *options(folder)]
    assert check.main(arguments) == 0, capsys.readouterr().out


def test_export__makes_a_model_that_is_tested_alike(folder: Path) -> None:
    exported = folder / 'exported'
    arguments = ['export', NAME, checkpoint(folder), str(exported)]
    assert convert_weights.main([*arguments, *options(folder)]) == 0
    assert (exported / 'tokenizer' / 'vocab.txt').is_file()
    test.main(
        [
            NAME,
            str(exported / 'model.safetensors'),
            '--work-dir',
            f'{folder}/again',
            *options(folder),
        ]
    )
    assert recalls(folder / 'again') == recalls(folder / 'work')


def test_lora__is_trained_resumed_and_tested_alike(folder: Path) -> None:
    pytest.importorskip('peft', reason='the extra lora is not installed')
    work = folder / 'adapted'
    command = [NAME, '--work-dir', str(work)]
    lora = [*options(folder), 'model.lora.r=2', 'model.lora.alpha=4']
    start = f'load_from={checkpoint(folder)}'
    train.main([*command, *lora, start, 'max_epochs=1'])
    train.main([*command, '--resume', *lora])
    before = torch.load(checkpoint(folder))['state_dict']
    after = torch.load(work / 'epoch_2.pth')['state_dict']
    for name in (n for n in before if n.startswith('head.bert.')):
        layer, _, kind = name.rpartition('.')
        new = name if name in after else f'{layer}.base_layer.{kind}'
        assert torch.equal(before[name], after[new]), name
    updates = [n for n in after if 'lora_B' in n]
    assert len(updates) == 4  # queries and values of two layers
    assert all(after[name].abs().sum() > 0 for name in updates)
    tested = ['--work-dir', f'{folder}/adapted_tested']
    test.main([NAME, f'{work}/epoch_2.pth', *tested, *lora])
    second = max(path for path in work.iterdir() if path.is_dir())
    assert recalls(folder / 'adapted_tested') == recalls(second)


def test_flops__counts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flops.print_costs(flops.parse_args([NAME, *options(folder)]))
    assert 'CNN, one frame of 64x64' in capsys.readouterr().out


@pytest.mark.parametrize('option', ['num_workers', 'train_dataloader'])
def test_train__without_workers(option: str, folder: Path) -> None:
    """PyTorch refuses persistent workers where there are none."""
    key = {'train_dataloader': 'train_dataloader.num_workers'}
    train.main(
        [
            NAME,
            '--work-dir',
            f'{folder}/{option}',
            *options(folder),
            'train_dataloader.persistent_workers=True',
            f'{key.get(option, option)}=0',
            'max_epochs=1',
        ]
    )
    assert (folder / option / 'epoch_1.pth').is_file()
