# Copyright (c) clipbert_mm contributors.
"""Tests of the checks of the host packages' versions."""

import sys

import pytest

from clipbert_mm.host.versions import (
    HOST_VERSIONS,
    check_host_versions,
    check_opencv,
    check_package,
)


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Write modules that are found before the installed ones."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, text: str) -> None:
        (tmp_path / f'{name}.py').write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)

    yield write
    for path in tmp_path.glob('*.py'):
        sys.modules.pop(path.stem, None)


def test_check_host_versions__accepts_this_environment():
    check_host_versions()


def test_check_host_versions__warns_without_pkg_resources(monkeypatch):
    monkeypatch.setitem(sys.modules, 'pkg_resources', None)
    with pytest.warns(UserWarning, match='pip install "setuptools<82"'):
        check_host_versions()


def test_check_package__missing(modules):
    with pytest.raises(ImportError, match='none is installed.*"no-such>=1"'):
        check_package('no_such', 'no-such', '>=1')


@pytest.mark.parametrize('found', ['2.2.0', '1.7.2'])
def test_check_package__wrong_version(modules, found):
    modules('old_host', f'__version__ = {found!r}\n')
    with pytest.raises(ImportError, match=f'>=2.0.0,<2.2.0, but got {found}'):
        check_package('old_host', 'old-host', '>=2.0.0,<2.2.0')


@pytest.mark.parametrize('found', ['2.13.0+cpu', '2.14.0a0+git1234'])
def test_check_package__local_and_development_versions_pass(modules, found):
    modules('new_host', f'__version__ = {found!r}\n')
    check_package('new_host', 'new-host', '>=2.6')


def test_check_package__error_inside_the_package_is_not_hidden(modules):
    modules('broken_host', 'import another_module_that_is_missing\n')
    with pytest.raises(
        ModuleNotFoundError, match='another_module_that_is_missing'
    ):
        check_package('broken_host', 'broken-host', '>=1')


def test_check_package__mmcv_names_both_builds(monkeypatch):
    monkeypatch.setitem(sys.modules, 'mmcv', None)
    with pytest.raises(
        ImportError, match='never both.*mmcv-lite==2.1.0.*mmcv==2.1.0'
    ):
        check_package('mmcv', *HOST_VERSIONS['mmcv'])


def test_check_opencv__missing_system_library(modules, monkeypatch):
    monkeypatch.delitem(sys.modules, 'cv2')
    modules(
        'cv2',
        "raise ImportError('libGL.so.1: cannot open shared object "
        "file: No such file or directory')\n",
    )
    with pytest.raises(
        ImportError,
        match='libGL.so.1: .*apt-get install libgl1.*'
        'opencv-contrib-python-headless',
    ):
        check_opencv()


def test_check_opencv__missing(monkeypatch):
    monkeypatch.setitem(sys.modules, 'cv2', None)
    with pytest.raises(ImportError, match='no cv2 is installed'):
        check_opencv()


def test_check_opencv__another_error_is_not_hidden(modules, monkeypatch):
    monkeypatch.delitem(sys.modules, 'cv2')
    modules('cv2', "raise ImportError('numpy.core.multiarray failed')\n")
    with pytest.raises(ImportError, match='^numpy.core.multiarray failed$'):
        check_opencv()
