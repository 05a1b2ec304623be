# Copyright (c) clipbert_mm contributors.
"""What ``import clipbert_mm`` does in a process that has imported nothing."""

import json

import numpy as np
import pytest
from mmengine.device import get_device

from tests.toolbox.processes import run_python

pytestmark = pytest.mark.slow

BEFORE_AND_AFTER = """
import io
import json

import torch
from mmengine.logging import HistoryBuffer


def error_of(function):
    try:
        function()
    except Exception as error:
        return f'{type(error).__name__}: {error}'


def models():
    import mmaction.models
    return mmaction.models.backbones.ResNet.__name__


def recall():
    from mmaction.evaluation import RetrievalRecall
    return float(RetrievalRecall.calculate(
        [[1, 0], [1, 0]], [[1], [0]], topk=1, pred_indices=True,
        target_indices=True)[0])


def load():
    file = io.BytesIO()
    torch.save(dict(loss=HistoryBuffer([1.0, 2.0], [1, 1])), file)
    file.seek(0)
    return float(torch.load(file)['loss'].mean())


jobs = dict(models=models, recall=recall, load=load)
before = {name: error_of(job) for name, job in jobs.items()}
import clipbert_mm
print(json.dumps(dict(
    before=before,
    after={name: job() for name, job in jobs.items()},
    repairs=clipbert_mm.applied_repairs())))
"""


@pytest.fixture(scope='module')
def outcome() -> dict:
    """Three jobs of the host, before and after the import."""
    result = run_python('-W', 'ignore', '-c', BEFORE_AND_AFTER)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def test_import__jobs_of_the_host_work(outcome):
    assert outcome['after'] == dict(models='ResNet', recall=50.0, load=1.5)


def test_import__repairs_what_failed_and_nothing_else(outcome):
    before, repairs = outcome['before'], outcome['repairs']
    assert ('drn' in repairs or 'vindlu' in repairs) == (
        before['models'] is not None
    )
    assert ('history_buffer' in repairs) == (before['load'] is not None)
    assert ('in1d' in repairs) == (not hasattr(np, 'in1d'))
    assert ('gloo' in repairs) == (get_device() == 'cpu')


def test_import__repairs_the_released_packages(outcome):
    # the versions of constraints.txt, where all of these are broken
    assert 'localizers.drn' in outcome['before']['models']
    assert 'Weights only load failed' in outcome['before']['load']
    assert {'drn', 'vindlu', 'history_buffer'} <= set(outcome['repairs'])


@pytest.mark.parametrize(
    'module', ['mmaction.models.localizers.bmn', 'einops']
)
def test_import__another_error_is_not_hidden(module):
    # einops is imported by other models and, like timm, by VindLU
    result = run_python(
        '-c',
        f"import sys; sys.modules['{module}'] = None\n"
        'import clipbert_mm, mmaction.models',
    )
    assert result.returncode != 0
    assert result.stderr.splitlines()[-1] == (
        f'ModuleNotFoundError: import of {module} halted; None in sys.modules'
    )


def test_import__of_datasets_imports_no_models():
    """Workers of a data loader, and checks of data, need neither."""
    result = run_python(
        '-c',
        'import sys, clipbert_mm.datasets\n'
        "assert 'mmaction.datasets' in sys.modules\n"
        "for name in ('mmaction.models', 'transformers.modeling_utils'):\n"
        '    assert name not in sys.modules, name',
    )
    assert result.returncode == 0, result.stderr


def test_import__without_mmcv_says_what_to_install():
    result = run_python(
        '-c',
        "import sys; sys.modules['mmcv'] = None; import clipbert_mm, mmaction",
    )
    assert result.returncode != 0
    assert 'pip install mmcv-lite==2.1.0' in result.stderr.splitlines()[-1]
