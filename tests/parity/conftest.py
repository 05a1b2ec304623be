# Copyright (c) clipbert_mm contributors.
"""Models with the weights of the reference run, loaded by conversion."""

import importlib.util

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint

import clipbert_mm  # noqa: F401
from tests.parity.helpers import model_cfg
from tests.toolbox import reference_data
from tests.toolbox.paths import ROOT

TOOL = ROOT / 'tools' / 'convert_weights.py'


@pytest.fixture(scope='session')
def load_reference_model(tmp_path_factory):
    """Load a small model through files: official -> tool -> checkpoint."""
    spec = importlib.util.spec_from_file_location('convert_weights', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    init_default_scope('mmaction')
    folder = tmp_path_factory.mktemp('official')
    loaded = {}

    def load(name: str, gain: float = 6.0) -> torch.nn.Module:
        if (name, gain) not in loaded:
            source, target = folder / 'official.pt', folder / 'ours.pth'
            torch.save(reference_data.official_state_dict(name, gain), source)
            assert (
                tool.main(['official', str(source), str(target), '--quiet'])
                == 0
            )
            model = MODELS.build(model_cfg(name))
            load_checkpoint(model, str(target), strict=True)
            loaded[name, gain] = model.eval()
            source.unlink()
            target.unlink()
        return loaded[name, gain]

    return load
