# Copyright (c) clipbert_mm contributors.
"""Tests of ``compile`` of a config, for models with parts and without."""

import pytest
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import Tensor, nn


class Plain(BaseModel):
    """Model of MMEngine around a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, *_: object, **__: object) -> Tensor:
        raise NotImplementedError


class WithParts(Plain):
    """Model that notes the options of ``compile_parts``."""

    def compile_parts(self, **options: object) -> None:
        self.options = options


def make_runner(model: nn.Module, folder: object, compile_cfg: object):
    return Runner(
        model,
        work_dir=str(folder),
        default_scope='mmengine',
        log_level='ERROR',
        experiment_name='compile',
        cfg=dict(compile=compile_cfg),
    )


@pytest.mark.parametrize(
    'compile_cfg, options',
    [
        (True, {}),
        (dict(mode='default'), dict(mode='default')),
        (False, None),
        (None, None),
    ],
)
def test_compile__calls_compile_parts(tmp_path, compile_cfg, options):
    model = WithParts()
    runner = make_runner(model, tmp_path, compile_cfg)
    runner._maybe_compile('train_step')
    assert getattr(model, 'options', None) == options
    assert 'train_step' not in vars(model)  # MMEngine would replace it


@pytest.mark.slow
def test_compile__model_without_parts_is_compiled_as_before(tmp_path):
    model = Plain()
    runner = make_runner(model, tmp_path, True)
    runner._maybe_compile('train_step')
    assert 'train_step' in vars(model)
