# Copyright (c) clipbert_mm contributors.
"""Tests of Adafactor, which is imported when it is first built."""

import pytest

from tests.toolbox.processes import run_python

TRAIN = """
import sys
import torch
{imports}
from mmengine.optim import build_optim_wrapper

print('transformers.optimization' in sys.modules)
torch.manual_seed(0)
model = torch.nn.Linear(3, 2)
wrapper = build_optim_wrapper(model, dict(
    type='OptimWrapper', optimizer=dict(type='Adafactor', lr=None)))
for _ in range(3):
    wrapper.update_params(model(torch.ones(1, 3)).square().sum())
print(type(wrapper.optimizer).__module__)
print(model.weight.tolist())
"""


def run(imports: str) -> list[str]:
    result = run_python('-c', TRAIN.format(imports=imports))
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.mark.slow
def test_adafactor__same_steps_when_imported_late() -> None:
    before, *expected = run('')
    assert before == 'True'
    after, *found = run('import clipbert_mm')
    assert after == 'False'
    assert found == expected
    assert 'transformers.optimization' in found


@pytest.mark.slow
def test_adafactor__not_where_it_is_imported() -> None:
    code = (
        'import mmengine.optim, clipbert_mm; '
        "assert 'adafactor' not in clipbert_mm.applied_repairs()"
    )
    result = run_python('-c', code)
    assert result.returncode == 0, result.stderr
