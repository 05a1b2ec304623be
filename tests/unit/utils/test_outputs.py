# Copyright (c) clipbert_mm contributors.
"""Tests of the checks of where a command will write."""

import os

import pytest

from clipbert_mm.utils.outputs import (
    OutputError,
    check_new_folder,
    check_output_file,
    check_output_folder,
)
from tests.toolbox.disks import error_as_nobody, read_only_folder


@pytest.mark.parametrize('name', ['a.npz', 'new/deep/a.npz', 'A.NPZ'])
def test_file__folders_are_created_and_nothing_else(tmp_path, name):
    path = tmp_path / name
    check_output_file('--out', path, ('.npz',))
    assert os.listdir(path.parent) == []


def test_file__an_existing_one_stays(tmp_path):
    path = tmp_path / 'a.npz'
    path.write_text('old')
    check_output_file('--out', path, ('.npz',))
    assert path.read_text() == 'old'


@pytest.mark.parametrize('name', ['/dev/stdout', '/dev/null'])
def test_file__devices_are_good(name):
    check_output_file('--json', name)


def test_file__suffix():
    match = r"^--dump must end in \.pkl or \.pickle, but got 'a\.npz'\.$"
    with pytest.raises(OutputError, match=match):
        check_output_file('--dump', 'a.npz', ('.pkl', '.pickle'))


@pytest.mark.parametrize('name', ['folder', 'folder/', 'new/', ''])
def test_file__not_a_folder(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'folder').mkdir()
    match = f"^--out must be the path of a file, but '{name}' is a folder"
    with pytest.raises(OutputError, match=match):
        check_output_file('--out', name)


@pytest.mark.parametrize('kind', ['same', 'link', 'hard link'])
def test_file__not_the_source(tmp_path, kind):
    source = tmp_path / 'a.pth'
    source.write_text('weights')
    path = source if kind == 'same' else tmp_path / 'b.pth'
    if kind == 'link':
        path.symlink_to(source)
    if kind == 'hard link':
        path.hardlink_to(source)
    with pytest.raises(OutputError, match='--out must not be the file that'):
        check_output_file('--out', path, sources=['missing.py', source])


@pytest.mark.parametrize('name', ['a', 'a/b', 'a/b/c'])
def test_new_folder__below_a_file(tmp_path, name):
    (tmp_path / 'a').touch()
    match = f"--out must be a folder, but '{tmp_path}/a' is a file"
    with pytest.raises(OutputError, match=match):
        check_new_folder('--out', tmp_path / name)


def test_new_folder__is_not_created(tmp_path):
    check_new_folder('--out', tmp_path / 'a' / 'b')
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('name', ['a/b', 'a/b/c'])
def test_file__below_a_file(tmp_path, name):
    (tmp_path / 'a').touch()
    match = f"--out must be a folder, but '{tmp_path}/a' is a file"
    with pytest.raises(OutputError, match=match):
        check_output_file('--out', tmp_path / name)


def test_folder__is_created(tmp_path):
    check_output_folder('--work-dir', tmp_path / 'a' / 'b')
    assert os.listdir(tmp_path / 'a') == ['b']


def test_folder__not_a_file(tmp_path):
    (tmp_path / 'a').touch()
    match = f"^--work-dir must be a folder, but '{tmp_path}/a' is a file"
    with pytest.raises(OutputError, match=match):
        check_output_folder('--work-dir', tmp_path / 'a')


@pytest.mark.parametrize('place', ['here/a.npz', 'here/new/a.npz'])
def test_read_only__a_folder(tmp_path, place):
    with read_only_folder(tmp_path / 'here'):
        error = error_as_nobody(check_output_file, '--out', tmp_path / place)
    assert error.startswith('OutputError: --out: cannot write to the folder ')
    assert error.endswith(
        "/here': Permission denied. Name another place, or change its "
        'permissions.'
        if place == 'here/a.npz'
        else "/here/new': Permission denied. Name another place, or change "
        'its permissions.'
    )


def test_read_only__a_file(tmp_path):
    with read_only_folder(tmp_path / 'here') as folder:
        folder.chmod(0o777)
        path = folder / 'a.npz'
        path.touch()
        path.chmod(0o444)
        error = error_as_nobody(check_output_file, '--out', path)
    assert error.startswith(f"OutputError: --out: '{path}' exists and is read")
