# Copyright (c) clipbert_mm contributors.
"""Tests of the installed package: versions, layout, configs, the wheel."""

import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from mmengine.config import Config

import clipbert_mm
from clipbert_mm.host.versions import HOST_VERSIONS
from clipbert_mm.utils.config_files import (
    config_file,
    find_config,
    shipped_configs,
)
from tests.toolbox.paths import ROOT


@pytest.fixture(scope='module')
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """Wheel of this checkout, built from a copy."""
    folder = tmp_path_factory.mktemp('wheel')
    for name in ('clipbert_mm', 'configs', 'tools', 'requirements'):
        shutil.copytree(ROOT / name, folder / 'source' / name, symlinks=True)
    for name in (
        'setup.py',
        'pyproject.toml',
        'MANIFEST.in',
        'LICENSE',
        'model-index.yml',
    ):
        shutil.copy(ROOT / name, folder / 'source')
    subprocess.run(
        [
            sys.executable,
            '-m',
            'pip',
            'wheel',
            '-q',
            '--no-deps',
            '--no-build-isolation',
            '-w',
            folder,
            folder / 'source',
        ],
        check=True,
        env={**os.environ, 'PIP_DISABLE_PIP_VERSION_CHECK': '1'},
    )
    return zipfile.ZipFile(next(folder.glob('*.whl')))


def read_metadata(wheel: zipfile.ZipFile) -> str:
    name = next(n for n in wheel.namelist() if n.endswith('/METADATA'))
    return wheel.read(name).decode()


def test_version__is_that_of_the_wheel(wheel):
    assert Path(wheel.filename).name.startswith(
        f'clipbert_mm-{clipbert_mm.__version__}-'
    )


def test_wheel__has_configs_and_tools_for_mim(wheel):
    names = set(wheel.namelist())
    shipped = {
        f'clipbert_mm/.mim/{path.relative_to(ROOT)}'
        for folder in ('configs', 'tools')
        for path in (ROOT / folder).rglob('*')
        if path.suffix in ('.py', '.sh')
    }
    for_checkouts = {name for name in shipped if '/tools/checks/' in name}
    assert shipped & names == shipped - for_checkouts
    assert 'clipbert_mm/.mim/model-index.yml' in names
    assert {name.partition('/')[0] for name in names} == {
        'clipbert_mm',
        f'clipbert_mm-{clipbert_mm.__version__}.dist-info',
    }
    assert not any(name.endswith('.pyc') for name in names)


def test_wheel__has_demo_models_and_videos(wheel):
    folder = ROOT / 'clipbert_mm' / 'demo'
    files = {str(path.relative_to(ROOT)) for path in folder.rglob('*.*')}
    assert files <= set(wheel.namelist())
    assert sum(name.endswith('.mp4') for name in files) == 32
    assert sum(name.endswith('.safetensors') for name in files) == 2


def test_wheel__has_the_page_of_the_service(wheel):
    folder = ROOT / 'clipbert_mm' / 'serving' / 'static'
    files = {str(path.relative_to(ROOT)) for path in folder.iterdir()}
    assert len(files) == 3
    assert files <= set(wheel.namelist())


def test_wheel__is_typed_and_says_what_it_runs_on(wheel):
    assert 'clipbert_mm/py.typed' in wheel.namelist()
    metadata = read_metadata(wheel)
    for line in (
        'Classifier: Typing :: Typed',
        'Classifier: Programming Language :: Python :: 3.10',
        'Project-URL: Paper, https://arxiv.org/abs/2102.06183',
    ):
        assert line in metadata.splitlines()


def test_wheel__scripts_are_executable(wheel):
    modes = {
        info.filename: info.external_attr >> 16
        for info in wheel.infolist()
        if info.filename.endswith('.sh')
    }
    assert 'clipbert_mm/.mim/tools/dist_train.sh' in modes
    assert all(mode & stat.S_IXUSR for mode in modes.values()), modes


def test_wheel__requires_neither_mmcv_nor_mmcv_lite(wheel):
    required = re.findall(
        r'^Requires-Dist: ([\w-]+)(?!.*extra)',
        read_metadata(wheel),
        re.MULTILINE,
    )
    assert 'mmaction2' in required
    assert not {'mmcv', 'mmcv-lite'} & set(required)


def test_host_versions__equal_the_requirements():
    lines = (ROOT / 'requirements' / 'runtime.txt').read_text().splitlines()
    ranges = dict(
        re.match(r'([\w-]+)([^ #]*)', line).groups()
        for line in lines
        if line and not line.startswith('#')
    )
    for package, versions in HOST_VERSIONS.values():
        if package != 'mmcv-lite':
            assert ranges[package] == versions, package


def test_package__every_folder_is_a_package():
    for path in (ROOT / 'clipbert_mm').rglob('*.py'):
        assert (path.parent / '__init__.py').is_file(), path


@pytest.mark.parametrize('name', shipped_configs())
def test_config_file__loads_from_any_directory(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given in (name, f'{name}.py', f'configs/{name}.py'):
        cfg = Config.fromfile(config_file(given), import_custom_modules=False)
    assert cfg.custom_imports.imports == ['clipbert_mm']
    assert cfg.default_scope == 'mmaction'


def test_shipped_configs__are_all_but_the_parts():
    names = shipped_configs()
    tops = {path.stem for path in (ROOT / 'configs').glob('*.py')}
    assert 'clipbert_msrvtt_ret' in tops
    assert tops <= set(names)
    assert not any('_base_' in name for name in names)


def test_config_file__unknown_name_suggests_a_close_one():
    with pytest.raises(
        FileNotFoundError,
        match="'clipbert_msrvt_ret'.*mean 'clipbert_msrvtt_ret'",
    ):
        config_file('clipbert_msrvt_ret')


def test_find_config__an_existing_file_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / 'clipbert_msrvtt_ret.py'
    own.write_text('seed = 1\n')
    assert find_config(own.name) == own.name
    assert find_config('clipbert_msrvtt_ret') == config_file(
        'clipbert_msrvtt_ret'
    )


BY_NAME = """
from pathlib import Path
from mmengine.config import Config
from mmengine.hub import get_config
import clipbert_mm

cfg = Config.fromfile('own.py')
shipped = get_config('clipbert_mm::clipbert_msrvtt_ret.py')
assert cfg.model == shipped.model
assert cfg.train_dataloader.dataset.pipeline[3]['size'] == 64
tokenizer = get_config('clipbert_mm::clipbert_debug.py').model.head.tokenizer
assert (Path(tokenizer) / 'vocab.txt').is_file()
print(Path(clipbert_mm.__file__).parents[1])
"""


@pytest.mark.parametrize('kind', ['installed', 'editable'])
def test_names__of_configs_work_in_every_installation(kind, wheel, tmp_path):
    folder = tmp_path / 'site' if kind == 'installed' else ROOT
    if kind == 'installed':
        wheel.extractall(folder)
    (tmp_path / 'own.py').write_text(
        "_base_ = ['clipbert_mm::clipbert_msrvtt_ret.py']\n"
        'settings = dict(img_size=64)\n'
    )
    result = subprocess.run(
        [sys.executable, '-c', BY_NAME],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(folder)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()) == folder
