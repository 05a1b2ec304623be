# Copyright (c) clipbert_mm contributors.
"""Tests of preparing the host at its first import, in fresh processes."""

import importlib.util
import sys
import textwrap

import pytest
from mmaction.registry import DATASETS, MODELS

from clipbert_mm.host.preparation import (
    LOCATIONS,
    HostFinder,
    prepare_host,
    prepare_host_on_import,
    register_locations,
)
from tests.toolbox.processes import run_forks, run_python

#: Where the preparation is seen: a component of ours, and a host without it.
CHECK = """
def check():
    from mmaction.registry import DATASETS, MODELS, TRANSFORMS
    assert MODELS.get('ClipBERT').__module__ == 'clipbert_mm.models.clipbert'
    assert MODELS.get('ResNet').__module__.startswith('mmaction.models')
    assert TRANSFORMS.get('LoadVideo') and DATASETS.get('VideoTextRetrieval')
"""

#: Scenarios that end with a prepared host.
PREPARED = {
    'mmcv_first_after_a_search': """
        import importlib.util, sys
        import clipbert_mm
        spec = importlib.util.find_spec('mmengine')
        assert spec.loader.is_package('mmengine') and spec.origin
        assert importlib.util.find_spec('mmcv.image')  # imports mmcv
        import mmcv, mmengine
        for package in (mmcv, mmengine):
            loader = package.__spec__.loader
            assert loader is package.__loader__
            assert type(loader).__module__ == '_frozen_importlib_external'
        check()
    """,
    'mmengine_before_us_and_registries_asked': """
        from mmaction.registry import TRANSFORMS
        from mmengine.registry import Registry
        assert TRANSFORMS.get('DecordInit')
        import clipbert_mm
        check()
    """,
    'reloads': """
        import importlib
        import clipbert_mm
        from clipbert_mm.host import preparation
        importlib.reload(clipbert_mm)
        importlib.reload(preparation)
        import mmengine
        repairs = clipbert_mm.applied_repairs()
        importlib.reload(mmengine)
        importlib.reload(clipbert_mm)
        assert clipbert_mm.applied_repairs() == repairs
        check()
    """,
    'a_second_attempt_after_a_missing_package': """
        import sys
        import clipbert_mm
        sys.modules['mmcv'] = None
        for name in ('mmengine', 'mmengine', 'mmaction'):
            try:
                __import__(name)
            except ImportError as error:
                assert 'pip install mmcv-lite==2.1.0' in str(error), error
            else:
                raise AssertionError(f'{name} was imported')
            assert name not in sys.modules
        sys.modules.pop('mmcv', None)  # now it is installed
        import mmengine.runner
        assert mmengine.config.Config and mmengine.runner.Runner
        check()
    """,
}


@pytest.mark.slow
def test_prepared():
    codes = {n: CHECK + textwrap.dedent(c) for n, c in PREPARED.items()}
    for name, (status, errors) in run_forks(codes).items():
        assert status == 0, f'{name}: {errors}'
        assert 'mmcv-lite' not in errors, name


#: Scenarios that need a process in which nothing is imported.
PREPARED_FROM_NOTHING = {
    'repairs_asked_first': """
        import sys
        import clipbert_mm
        assert not {'torch', 'mmengine', 'mmcv'} & set(sys.modules)
        assert 'compile' in clipbert_mm.applied_repairs()
        check()
    """,
    'threads': """
        import importlib, threading
        import clipbert_mm
        errors = []
        barrier = threading.Barrier(6)

        def work(name):
            barrier.wait()
            try:
                if name is None:
                    assert 'compile' in clipbert_mm.applied_repairs()
                else:
                    importlib.import_module(name)
            except BaseException as error:
                errors.append(error)

        names = ('mmengine', 'mmengine', 'mmcv', 'mmaction', None, None)
        threads = [threading.Thread(target=work, args=(n,)) for n in names]
        [thread.start() for thread in threads]
        [thread.join(120) for thread in threads]
        assert not any(thread.is_alive() for thread in threads)
        assert not errors, errors
        check()
    """,
}


@pytest.mark.slow
@pytest.mark.parametrize('name', PREPARED_FROM_NOTHING)
def test_prepared__from_nothing(name: str):
    code = CHECK + textwrap.dedent(PREPARED_FROM_NOTHING[name])
    result = run_python('-c', code)
    assert result.returncode == 0, result.stderr
    assert 'mmcv-lite' not in result.stderr


FIRST_IMPORTS = """
import os, sys
import cv2, matplotlib.pyplot, torch.distributed.optim  # so that each process
import scipy.stats, transformers.modeling_utils, yapf  # below starts fast
import clipbert_mm

if os.fork() == 0:  # list the modules that the preparation imports
    clipbert_mm.applied_repairs()
    names = [n for n in sys.modules if n.startswith('clipbert_mm.')]
    assert 'clipbert_mm.host.repairs.every' in names
    print(*names, sep='\\n', flush=True)
    os._exit(0)
os.wait()
"""


@pytest.mark.slow
def test_modules_of_the_preparation__each_can_be_imported_first():
    names = run_python('-c', FIRST_IMPORTS).stdout.split()
    repair = 'clipbert_mm.host.repairs.checkpoints'  # all begin alike
    names = [n for n in names if '.repairs.' not in n or n == repair]
    assert repair in names
    preload = FIRST_IMPORTS.partition('if os.fork')[0]
    code = f"""{preload}
import importlib
for name in {names}:
    if name not in sys.modules and os.fork() == 0:
        importlib.import_module(name)
        assert 'compile' in clipbert_mm.applied_repairs()
        os._exit(0)
    assert name in sys.modules or os.wait()[1] == 0, name
"""
    result = run_python('-c', code)
    assert result.returncode == 0, result.stderr


WORKERS = '''
"""Processes that receive an object of the host and one of ours."""
import multiprocessing
import pickle
import sys


def name_of(queue):
    """Return the place of a class that only MMAction2's registry knows."""
    from mmaction.registry import MODELS
    return MODELS.get('ClipBERT').__module__, type(queue).__name__


if __name__ == '__main__':
    import mmaction.datasets.transforms
    from clipbert_mm.datasets.transforms import LoadVideo

    objects = pickle.dumps([
        mmaction.datasets.transforms.DecordInit(),
        LoadVideo(),
    ])
    for method in ('spawn', 'forkserver', 'fork'):
        with multiprocessing.get_context(method).Pool(1) as pool:
            loaded = pool.apply(pickle.loads, (objects,))
            assert [type(one).__name__ for one in loaded] == [
                'DecordInit', 'LoadVideo'
            ]
            assert pool.apply(name_of, (0,)) == (
                'clipbert_mm.models.clipbert', 'int'
            )
'''


@pytest.mark.slow
def test_worker_processes(tmp_path):
    script = tmp_path / 'workers.py'
    script.write_text(WORKERS)
    result = run_python(str(script))
    assert result.returncode == 0, result.stderr
    assert 'mmcv-lite' not in result.stderr


def test_finder__leaves_other_modules_alone():
    finder = HostFinder()
    assert finder.find_spec('json', None) is None
    assert finder.find_spec('mmengine.config', ['a']) is None
    assert finder.find_spec('mmengine', None) is None  # prepared already


def test_prepare_host_on_import__adds_one_finder_at_most():
    before = [f for f in sys.meta_path if isinstance(f, HostFinder)]
    prepare_host_on_import()
    prepare_host()
    after = [f for f in sys.meta_path if isinstance(f, HostFinder)]
    assert after == before


def test_register_locations__once():
    register_locations()
    assert MODELS._locations.count('clipbert_mm.models') == 1
    assert DATASETS._locations.count('clipbert_mm.datasets') == 1


def test_locations__are_packages_of_ours():
    for package in set(LOCATIONS.values()):
        assert importlib.util.find_spec(package) is not None
