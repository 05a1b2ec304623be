# Copyright (c) clipbert_mm contributors.
"""Tests of settings in files that inherit, and in other programs."""

import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from clipbert_mm import config_file

BASE = f'_base_ = [{config_file("clipbert_msrvtt_qa")!r}]\n'


def read(folder: Path, text: str, name: str = 'own.py') -> Config:
    """Write a config file and read it as any program of MMEngine does."""
    (folder / name).write_text(text)
    return Config.fromfile(folder / name)


def test_settings__of_a_file_act_and_are_gone(tmp_path: Path) -> None:
    cfg = read(tmp_path, BASE + 'settings = dict(img_size=64, base_lr=1e-3)\n')
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        steps = {step.type: step for step in loader.dataset.pipeline}
        assert steps['ResizeLongSide']['size'] == 64
        assert steps['PadFrames']['size'] == 64
    assert cfg.optim_wrapper.optimizer.lr == 1e-3
    assert cfg.train_cfg.max_epochs == 10  # settings of the base
    assert {'settings', 'img_size', 'data_root'}.isdisjoint(cfg.to_dict())


def test_keys__of_a_file_win_over_settings_of_its_base(tmp_path: Path) -> None:
    cfg = read(tmp_path, BASE + 'train_cfg = dict(max_epochs=3)\n')
    assert cfg.train_cfg.max_epochs == 3


def test_settings__act_in_turn_along_a_chain(tmp_path: Path) -> None:
    read(tmp_path, BASE + 'settings = dict(img_size=64, clip_len=4)\n')
    cfg = read(
        tmp_path,
        "_base_ = ['own.py']\n"
        'settings = dict(img_size=32)\n'
        'test_dataloader = dict(dataset=dict(pipeline=_base_.test_pipeline))',
        'child.py',
    )
    test = cfg.test_dataloader.dataset.pipeline
    assert (test[1].clip_len, test[3]['size']) == (4, 32)


def test_variable__that_nothing_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError,
        match=r'own.py: img_size = 64 .* changes nothing: '
        r'train_dataloader.dataset.pipeline.3.size is 448. Write '
        r'settings = dict\(img_size=64\)',
    ):
        read(tmp_path, BASE + 'img_size = 64\n')


def test_setting__unknown_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"own.py: settings must be .* but got 'imgsize'"
    ):
        read(tmp_path, BASE + 'settings = dict(imgsize=64)\n')


def test_dump__reads_as_it_was_written(tmp_path: Path) -> None:
    cfg = read(tmp_path, BASE + 'settings = dict(img_size=64)\n')
    cfg.merge_from_dict({'train_dataloader.dataset.pipeline.3.size': 96})
    cfg.dump(tmp_path / 'dump.json')
    again = Config.fromfile(tmp_path / 'dump.json')
    steps = again.train_dataloader.dataset.pipeline
    assert [steps[3]['size'], steps[4]['size']] == [96, 64]


def test_other_projects__keep_their_variables(tmp_path: Path) -> None:
    text = (
        'img_size = 64\nsettings = dict(anything=1)\n'
        'train_dataloader = dict(dataset=dict(pipeline=[dict('
        "type='PadFrames', size=448)]))\n"
    )
    cfg = read(tmp_path, text)
    assert (cfg.img_size, cfg.settings) == (64, dict(anything=1))


OTHER_PROGRAM = """
from mmengine.config import Config
cfg = Config.fromfile({path!r})
assert 'settings' not in cfg, cfg.settings
print(cfg.train_cfg.max_epochs, cfg.train_dataloader.dataset.pipeline[3])
"""


@pytest.mark.slow
def test_settings__of_a_program_that_does_not_import_us(
    tmp_path: Path,
) -> None:
    """The file itself imports the package, by its custom_imports."""
    path = tmp_path / 'own.py'
    path.write_text(
        BASE + 'settings = dict(img_size=64)\ntrain_cfg = dict(max_epochs=3)\n'
    )
    result = subprocess.run(
        [sys.executable, '-c', OTHER_PROGRAM.format(path=str(path))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "3 {'type': 'ResizeLongSide', 'size': 64}\n"


def test_runner__applies_what_another_program_has_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    class Recorder(Runner):
        def __init__(self, **kwargs) -> None:
            seen.update(kwargs)

    cfg = read(tmp_path, BASE)
    cfg.work_dir = str(tmp_path)
    cfg.merge_from_dict({'img_size': 64, 'num_workers': 0})
    Recorder.from_cfg(cfg)
    loader = seen['train_dataloader']
    assert loader['dataset']['pipeline'][3]['size'] == 64
    assert loader['num_workers'] == 0
    assert 'persistent_workers' not in loader
    assert cfg.train_dataloader.num_workers == 4  # the caller's is a copy
