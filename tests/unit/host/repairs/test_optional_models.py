# Copyright (c) clipbert_mm contributors.
"""Tests of the repaired import of ``mmaction.models``."""

import importlib
import sys

import pytest
from mmaction.registry import MODELS

from clipbert_mm.host.repairs.late_import import LateFinder, run_at_import
from clipbert_mm.host.repairs.optional_models import (
    REPAIRS,
    repair_drn,
    repair_importlib_metadata,
    run_with_repairs,
)
from tests.toolbox.raising import error_of

LOCALIZERS = 'mmaction.models.localizers'


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package whose second module needs a module that isn't there."""
    folder = tmp_path / 'half_broken'
    folder.mkdir()
    (folder / '__init__.py').write_text(
        'from .first import ONE\nfrom .second import TWO\n'
    )
    (folder / 'first.py').write_text('ONE = object()\n')
    (folder / 'second.py').write_text('from not_there import TWO\n')
    monkeypatch.syspath_prepend(tmp_path)
    yield 'half_broken'
    LateFinder.of_process().runs.pop('half_broken', None)
    for name in [*sys.modules]:
        if name.partition('.')[0] in ('half_broken', 'not_there'):
            del sys.modules[name]


def import_with(package: str, repairs: dict) -> dict[str, str]:
    """Import a package with repairs and return those it needed."""
    applied: dict[str, str] = {}

    def run(module, execute):
        applied.update(run_with_repairs(module, execute, repairs))

    run_at_import(package, run)
    importlib.import_module(package)
    return applied


def test_run_with_repairs__repairs_and_binds_submodules(
    package, tmp_path, monkeypatch
):

    def repair(error):
        if error.name != 'not_there':
            return None
        (tmp_path / 'not_there.py').write_text('TWO = 2\n')
        return 'it was not there'

    applied = import_with(package, {'there': repair})
    module = sys.modules[package]
    assert applied == {'there': 'it was not there'}
    assert (module.TWO, module.first.ONE) == (2, module.ONE)


def test_run_with_repairs__raises_an_unknown_error_as_it_came(package):
    with pytest.raises(ModuleNotFoundError, match='not_there') as caught:
        import_with(package, REPAIRS)
    assert caught.value.name == 'not_there'


def test_run_with_repairs__stops_when_a_repair_does_not_help(package):
    with pytest.raises(ModuleNotFoundError, match='not_there'):
        import_with(package, {'useless': lambda error: 'tried'})


def test_run_with_repairs__leaves_an_intact_module_alone(package, tmp_path):
    (tmp_path / 'half_broken' / 'second.py').write_text('TWO = 2\n')
    assert import_with(package, REPAIRS) == {}


@pytest.mark.parametrize('name', [f'{LOCALIZERS}.drn', f'{LOCALIZERS}.bmn'])
def test_repair_drn__knows_the_missing_folder_only(name, monkeypatch):
    for module in (f'{LOCALIZERS}.drn', f'{LOCALIZERS}.drn.drn'):
        monkeypatch.setitem(sys.modules, module, None)  # put back afterwards
    reason = repair_drn(ModuleNotFoundError('gone', name=name))
    assert (reason is not None) == name.endswith('drn')


@pytest.mark.parametrize(
    'folder, known', [('localizers/drn', True), ('roi_heads', False)]
)
def test_repair_drn__knows_torchvision_in_its_folder_only(
    folder, known, monkeypatch
):
    for module in (f'{LOCALIZERS}.drn', f'{LOCALIZERS}.drn.drn'):
        monkeypatch.setitem(sys.modules, module, None)  # put back afterwards
    error = error_of(
        f'/site-packages/mmaction/models/{folder}/x.py',
        ModuleNotFoundError(
            "No module named 'torchvision'", name='torchvision'
        ),
    )
    assert (repair_drn(error) == 'torchvision is not installed') == known


def test_repair_importlib_metadata__stands_in(monkeypatch):
    monkeypatch.setitem(sys.modules, 'importlib_metadata', None)
    error = ModuleNotFoundError('gone', name='importlib_metadata')
    assert 'not installed' in repair_importlib_metadata(error)
    from importlib_metadata import version

    assert version('torch').startswith('2.')


def test_repair_importlib_metadata__leaves_other_errors_alone():
    assert repair_importlib_metadata(ModuleNotFoundError(name='json')) is None


def test_placeholder__raises_on_use_with_the_reason():
    cls = MODELS.get('mmaction.DRN')
    if cls.__module__ != 'clipbert_mm.host.repairs.placeholders':
        pytest.skip('DRN of this MMAction2 is intact')
    with pytest.raises(ImportError, match='DRN of MMAction2 cannot be used'):
        cls(arch='any')
