# Copyright (c) clipbert_mm contributors.
"""Tests of the hook that draws contact sheets, in real runs."""

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.runner import Runner

from clipbert_mm.engine import ContactSheetHook, contact_sheet_hook
from tests.toolbox.shrink import make_corpus, shrink

pytestmark = pytest.mark.slow
RUNS = itertools.count()


@pytest.fixture(scope='module')
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp('corpus'))


def run(
    name: str, corpus: Path, folder: Path, num_sheets: int, **overrides: Any
) -> dict[str, bytes]:
    """Test a config, and return the sheets by name."""
    work = folder / f'run{next(RUNS)}'
    cfg = shrink(name, corpus, work_dir=str(work), **overrides)
    cfg.experiment_name = str(work)
    cfg.model.head.bert.initializer_range = 0.5
    cfg.visualizer.vis_backends = []
    cfg.custom_hooks.append(
        dict(
            type='ContactSheetHook',
            out_dir=str(work / 'sheets'),
            num_sheets=num_sheets,
        )
    )
    Runner.from_cfg(cfg).test()
    return {p.name: p.read_bytes() for p in (work / 'sheets').glob('*')}


def test_hook__draws_the_same_after_either_loop(
    corpus: Path, tmp_path: Path
) -> None:
    plain = run('clipbert_msrvtt_ret', corpus, tmp_path, 3)
    assert sorted(plain) == [
        'text_000000_a_red_dog_runs_on_sand.png',
        'text_000003_a_blue_dog_runs_on_sand.png',
        'text_000006_a_black_dog_runs_on_sand.png',
        'video_000000_test0.png',
        'video_000002_test2.png',
        'video_000004_test4.png',
    ]
    loop = dict(type='PairScoringLoop')
    assert plain == run(
        'clipbert_msrvtt_ret', corpus, tmp_path, 3, test_cfg=loop
    )


def test_hook__sheets_that_cannot_be_drawn_are_logged(
    corpus: Path, tmp_path: Path
) -> None:
    own = Path(shutil.copytree(corpus, tmp_path / 'corpus'))
    (own / 'videos' / 'test2.mp4').write_text('not a video')
    wrong = dict(test_evaluator__bad_videos='wrong')
    sheets = run('clipbert_msrvtt_qa', own, tmp_path, 100, **wrong)
    assert len(sheets) == 6
    assert 'item_000002_test2.png' not in sheets
    (log,) = tmp_path.glob('run*/*/*.log')
    (message,) = (
        line
        for line in log.read_text().splitlines()
        if 'was not drawn' in line
    )
    assert 'sheet of item 2 was not drawn: ValueError: it cannot' in message


def test_hook__only_the_main_process_draws(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_sheet_hook, 'is_main_process', lambda: False)
    assert run('clipbert_tgif_qa-count', corpus, tmp_path, 3) == {}


def train(corpus: Path, work: Path, hooks: list[dict]) -> dict[str, Any]:
    """Train two epochs with hooks, and return the weights."""
    cfg = shrink('clipbert_debug', corpus, work_dir=str(work))
    cfg.experiment_name = str(work)
    cfg.train_cfg.max_epochs = 2
    cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    cfg.custom_hooks += hooks
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner.model.state_dict()


def test_hook__draws_each_validation_and_changes_no_training(
    corpus: Path, tmp_path: Path
) -> None:
    kind, work = 'ContactSheetHook', tmp_path / 'drawn'
    sheets = work / 'sheets'
    hooks = [
        dict(type=kind, out_dir=str(sheets), num_sheets=2),
        dict(type=kind, num_sheets=1),
    ]
    drawn = train(corpus, work, hooks)
    files = [p.relative_to(sheets) for p in sheets.rglob('*.png')]
    names = {
        'text_000000_a_red_dog_runs_on_sand.png',
        'text_000005_a_white_dog_sits_on_sand.png',
        'video_000000_test0.png',
        'video_000003_test3.png',
    }
    assert {str(p.parent) for p in files} == {'epoch_1', 'epoch_2'}
    assert {p.name for p in files} == names
    assert len(files) == 8
    contents = [(sheets / p).read_bytes() for p in sorted(files)]
    assert contents[:4] != contents[4:]  # of another model
    steps = [p.stem[-2:] for p in work.rglob('vis_image/video_*.png')]
    assert sorted(steps) == ['_1', '_2']

    plain = train(corpus, tmp_path / 'plain', [])
    assert drawn.keys() == plain.keys()
    assert all(torch.equal(drawn[name], plain[name]) for name in plain)


def test_hook__draws_before_averaged_weights_are_taken_away(
    corpus: Path, tmp_path: Path
) -> None:
    cfg = shrink('clipbert_debug', corpus, work_dir=str(tmp_path))
    cfg.custom_hooks += [dict(type='EMAHook'), dict(type='ContactSheetHook')]
    names = [type(hook).__name__ for hook in Runner.from_cfg(cfg).hooks]
    assert names.index('ContactSheetHook') < names.index('EMAHook')


def test_hook__a_validation_without_a_training(
    corpus: Path, tmp_path: Path
) -> None:
    cfg = shrink('clipbert_msrvtt_qa', corpus, work_dir=str(tmp_path))
    cfg.visualizer.vis_backends = []
    cfg.default_hooks.checkpoint.save_best = None  # of a training
    sheets = tmp_path / 'sheets'
    hook = dict(type='ContactSheetHook', out_dir=str(sheets), num_sheets=1)
    cfg.custom_hooks.append(hook)
    Runner.from_cfg(cfg).val()
    (path,) = sheets.rglob('*.png')
    assert path.relative_to(sheets) == Path('iter_0/item_000000_test0.png')


def test_hook__needs_its_visualizer(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='but got ActionVisualizer'):
        run(
            'clipbert_msrvtt_ret',
            corpus,
            tmp_path,
            3,
            visualizer__type='ActionVisualizer',
        )


def test_hook__needs_sheets() -> None:
    with pytest.raises(ValueError, match='num_sheets must be .* >= 1'):
        ContactSheetHook(num_sheets=0)
