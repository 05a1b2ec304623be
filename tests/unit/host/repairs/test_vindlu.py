# Copyright (c) clipbert_mm contributors.
"""Tests of VindLU, which is imported when it is first used."""

import textwrap

import pytest

from clipbert_mm.host.repairs.vindlu import reason_of
from tests.toolbox.processes import run_forks
from tests.toolbox.raising import error_of

IS_LATE = """
import sys
import clipbert_mm
from mmaction.registry import MODELS
VINDLU = 'mmaction.models.multimodal.vindlu'

def is_imported():
    return any(name.startswith(VINDLU) for name in sys.modules)

def error_of(use):
    try:
        use()
    except ImportError as error:
        return str(error)
"""
USES = {
    'registry': "MODELS.build(dict(type='VindLUVQA', a=1))",
    'scope': "MODELS.get('mmaction.VindLURetrieval')(a=1)",
    'multimodal': 'multimodal.VindLURetrievalMC()',
    'module': 'importlib.import_module(VINDLU).VindLUVQA()',
}


LATE = """
import importlib
import mmaction.models
from mmaction.models import multimodal
assert MODELS.get('VindLUVQA').__name__ == 'VindLUVQA'
assert not is_imported()
message = error_of(lambda: {use})
assert 'MMAction2 cannot be used here: ModuleNotFou' in message
assert is_imported()
assert MODELS.get('VindLUVQA').__module__.endswith('.placeholders')
assert error_of(lambda: {use}) == message
"""


@pytest.mark.slow
def test_vindlu__is_imported_when_used_and_says_why_it_cannot():
    """Timm is missing, in the versions of constraints.txt."""
    codes = {n: IS_LATE + LATE.format(use=use) for n, use in USES.items()}
    for name, (status, errors) in run_forks(codes).items():
        assert status == 0, f'{name}: {errors}'


STAND_INS = """
import importlib.abc, importlib.machinery, sys, types

class Found(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    # A VindLU that works: modules of the same names, with such classes.
    def find_spec(self, name, path, target=None):
        if name.startswith('mmaction.models.multimodal.vindlu'):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        from mmaction.registry import MODELS
        if module.__name__.endswith('.vindlu'):
            for name in ('VindLUVQA', 'VindLURetrievalMC', 'VindLURetrieval'):
                cls = type(name, (), {'__init__': lambda self, a: None})
                setattr(module, name, MODELS.register_module()(cls))

sys.meta_path.insert(0, Found())
"""


@pytest.mark.slow
def test_vindlu__that_works_takes_its_place():
    code = (
        STAND_INS
        + IS_LATE
        + textwrap.dedent("""
        import mmaction.models
        assert not is_imported()
        made = MODELS.build(dict(type='VindLUVQA', a=1))
        import mmaction.models.multimodal.vindlu.xbert
        from mmaction.models.multimodal import VindLUVQA
        assert type(made) is VindLUVQA is MODELS.get('VindLUVQA')
        assert sys.modules[VINDLU].VindLUVQA is VindLUVQA
        assert not hasattr(mmaction.models.multimodal, 'no_such_name')
    """)
    )
    ((status, errors),) = run_forks(dict(works=code)).values()
    assert status == 0, errors


@pytest.mark.parametrize(
    'error, known',
    [
        (ModuleNotFoundError('gone', name='timm.models'), True),
        (
            ImportError('cannot import name', name='transformers.file_utils'),
            True,
        ),
        (ModuleNotFoundError('gone', name='tokenizers'), False),
        (RuntimeError('transformers'), False),
    ],
)
def test_reason_of__knows_its_missing_parts_only(error, known):
    error = error_of(
        '/site-packages/mmaction/models/multimodal/vindlu/x.py', error
    )
    assert (reason_of(error) is not None) == known


def test_reason_of__leaves_other_folders_alone():
    error = error_of(
        '/site-packages/mmaction/models/backbones/x.py',
        ModuleNotFoundError('gone', name='timm'),
    )
    assert reason_of(error) is None
