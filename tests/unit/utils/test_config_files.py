# Copyright (c) clipbert_mm contributors.
"""Tests of finding the configs that come with the package."""

from pathlib import Path

import pytest

from clipbert_mm.utils import config_files
from clipbert_mm.utils.config_files import (
    config_file,
    find_config,
    shipped_configs,
)
from tests.toolbox.paths import ROOT

CONFIGS = ROOT / 'configs'
NAME = 'clipbert_msrvtt_ret'


def test_shipped_configs__are_the_files_without_their_parts() -> None:
    files = CONFIGS.rglob('*.py')
    names = {str(path.relative_to(CONFIGS))[: -len('.py')] for path in files}
    parts = {name for name in names if '_base_' in name.split('/')}
    assert parts
    assert shipped_configs() == sorted(names - parts)


@pytest.mark.parametrize(
    'name',
    [NAME, f'{NAME}.py', f'configs/{NAME}', f'configs/{NAME}.py'],
)
def test_config_file__in_every_spelling(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(config_file(name))
    assert path.is_absolute()
    assert path.read_text() == (CONFIGS / f'{NAME}.py').read_text()
    assert find_config(name) == str(path)


def test_config_file__unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(
        FileNotFoundError,
        match="^No config 'clipbert_msrvt_ret' comes with clipbert_mm. Did "
        f"you mean '{NAME}'. Existing ones: .*, and ablations/….",
    ) as raised:
        config_file('clipbert_msrvt_ret')
    listed = str(raised.value).split('Existing ones: ')[1].split(', ')
    assert [*listed[:-1]] == [
        name for name in shipped_configs() if not name.startswith('ablations/')
    ]


def test_config_file__nothing_is_near() -> None:
    with pytest.raises(FileNotFoundError) as raised:
        config_file('zzz')
    assert 'Did you mean' not in str(raised.value)


def test_find_config__an_existing_file_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'configs').mkdir()
    path = Path('configs') / f'{NAME}.py'
    path.touch()
    assert find_config(str(path)) == str(path)
    path.unlink()
    assert find_config(str(path)) == config_file(NAME)


def test_config_file__without_any_configs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = (tmp_path / 'a', tmp_path / 'b')
    monkeypatch.setattr(config_files, 'CONFIG_FOLDERS', folders)
    with pytest.raises(
        FileNotFoundError, match='The configs of clipbert_mm are in none of'
    ):
        config_file(NAME)
    folders[1].mkdir()
    (folders[1] / f'{NAME}.py').touch()
    assert config_file(NAME) == str(folders[1].resolve() / f'{NAME}.py')
