# Copyright (c) clipbert_mm contributors.
"""Tests of loading MMEngine's checkpoints with ``weights_only``."""
import io
import operator
import os
import pickle

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from clipbert_mm.host.checkpoints import (
    allow_history_buffers,
    get_statistics_method,
    loads_history_buffer,
)


class Reduced:
    """Pickled as a call of a function."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


def reload(obj, **kwargs):
    file = io.BytesIO()
    torch.save(obj, file)
    file.seek(0)
    return torch.load(file, **kwargs)


def test_load__reads_what_mmengine_stores():
    buffer = HistoryBuffer([1.0, 3.0], [1, 1])
    loaded = reload(
        dict(
            loss=buffer,
            best_score=np.float64(0.5),
            epoch=np.int64(3),
            scores=np.arange(3, dtype=np.float32),
            names=np.array(['a', 'bc'])),
        weights_only=True)
    assert loaded['loss'].mean() == 2.0
    assert loaded['loss'].statistics('max') == 3.0
    assert (loaded['best_score'], loaded['epoch']) == (0.5, 3)
    np.testing.assert_array_equal(loaded['scores'], [0, 1, 2])
    assert loaded['names'].tolist() == ['a', 'bc']


def test_load__refuses_a_pickle_that_runs_a_command(tmp_path):
    command = Reduced(os.system, f'touch {tmp_path / "ran"}')
    with pytest.raises(pickle.UnpicklingError, match='system'):
        reload(command)
    assert not (tmp_path / 'ran').exists()


@pytest.mark.parametrize(('obj', 'name'), [
    (torch.Tensor, '__init_subclass__'),
    (HistoryBuffer, 'register_statistics'),
    (HistoryBuffer, '__init__'),
])
def test_load__refuses_another_getattr(obj, name):
    with pytest.raises(pickle.UnpicklingError, match='refused to unpickle'):
        reload(Reduced(getattr, obj, name))


def test_load__refuses_other_functions():
    with pytest.raises(pickle.UnpicklingError, match='methodcaller'):
        reload(Reduced(operator.methodcaller, 'mean'))


def test_get_statistics_method__returns_the_method():
    assert get_statistics_method(HistoryBuffer, 'mean') is HistoryBuffer.mean


def test_allow_history_buffers__changes_nothing_the_second_time():
    before = torch.serialization.get_safe_globals()
    assert loads_history_buffer()
    assert allow_history_buffers() is None
    assert torch.serialization.get_safe_globals() == before
