# Copyright (c) clipbert_mm contributors.
"""Let MMEngine start several processes on a machine without a GPU."""

from typing import Any

from mmengine.device import get_device
from mmengine.dist import utils as dist_utils
from torch import distributed


def use_gloo_without_gpu() -> str | None:
    """Let ``launcher='pytorch'`` start processes without a GPU.

    It replaces the function by which MMEngine joins torchrun's processes.
    That function always fails on a machine without an accelerator; on any
    other machine it is left alone.

    Returns:
        str | None: Reason of the repair, or None on a machine with an
        accelerator.

    Example:
        >>> use_gloo_without_gpu()  # doctest: +SKIP
        'MMEngine selects a CUDA device, but there is none: using gloo'
    """
    if get_device() != 'cpu':
        return None
    dist_utils._init_dist_pytorch = _init_process_group
    return 'MMEngine selects a CUDA device, but there is none: using gloo'


def _init_process_group(
    backend: str, init_backend: str = 'torch', **kwargs: Any
) -> None:
    """Initialise the group as MMEngine's function does, without CUDA."""
    distributed.init_process_group(
        backend='gloo' if backend == 'nccl' else backend, **kwargs
    )
