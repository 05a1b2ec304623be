# Copyright (c) clipbert_mm contributors.
"""Tests of the quickstart's stages."""

from pathlib import Path

import pytest

from clipbert_mm.quickstart import stages


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


def test_skip_train__without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match='no checkpoint .* --skip-train'):
        stages.last_checkpoint(tmp_path)
