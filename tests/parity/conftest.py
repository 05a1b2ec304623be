# Copyright (c) clipbert_mm contributors.
"""Models with the converted weights of the reference run."""

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint

from clipbert_mm.cli import convert_weights
from tests.parity.helpers import model_cfg
from tests.toolbox import reference_data


@pytest.fixture(scope='session')
def load_reference_model(tmp_path_factory):
    """Return a loader of small models that converts official files."""
    init_default_scope('mmaction')
    folder = tmp_path_factory.mktemp('official')
    loaded = {}

    def load(name: str, gain: float = 6.0) -> torch.nn.Module:
        if (name, gain) not in loaded:
            source, target = folder / 'official.pt', folder / 'ours.pth'
            torch.save(reference_data.official_state_dict(name, gain), source)
            arguments = ['official', str(source), str(target), '--quiet']
            assert convert_weights.main(arguments) == 0
            model = MODELS.build(model_cfg(name))
            load_checkpoint(model, str(target), strict=True)
            loaded[name, gain] = model.eval()
            source.unlink()
            target.unlink()
        return loaded[name, gain]

    return load
