# Copyright (c) clipbert_mm contributors.
"""Tests of the process group on machines without a GPU."""

from mmengine.device import get_device

from clipbert_mm.host.repairs.process_group import use_gloo_without_gpu


def test_use_gloo_without_gpu__only_where_there_is_none():
    assert (use_gloo_without_gpu() is None) == (get_device() != 'cpu')
