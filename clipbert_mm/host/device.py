# Copyright (c) clipbert_mm contributors.
"""Run MMEngine's training and testing on whatever device is available.

With several processes MMEngine selects a CUDA device unconditionally and
passes ``device_ids`` to DistributedDataParallel. ``AmpOptimWrapper`` refuses
CPUs. The process group is repaired when the host is imported
(:mod:`clipbert_mm.host.repairs.process_group`). A config cannot find out
whether there is a GPU and what it supports, so the tools adapt it with
:func:`fit_to_device`.
"""

import copy
import logging

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.logging import print_log
from torch import distributed

AMP_ONLY_KEYS = ('loss_scale', 'dtype', 'use_fsdp')


def leave_process_group() -> None:
    """End the group of a distributed run once all its processes are done.

    Otherwise the interpreter tears it down while gloo's threads run, which
    occasionally aborts a process whose work is finished.

    Example:
        >>> leave_process_group()  # a single process has no group
    """
    if distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


def fit_to_device(cfg: Config) -> Config:
    """Adapt a config of the runner to the device of the machine.

    Args:
        cfg (Config): Config of the runner, with ``launcher`` set.

    Returns:
        Config: Result of :func:`wrap_without_device_ids` and
        :func:`train_without_amp` without an accelerator, of
        :func:`train_without_bf16` on a GPU without bf16, otherwise ``cfg``
        itself.

    Example:
        >>> runner = Runner.from_cfg(fit_to_device(cfg))  # doctest: +SKIP
    """
    if get_device() == 'cpu':
        return train_without_amp(wrap_without_device_ids(cfg))
    if torch.cuda.is_available() and not torch.cuda.is_bf16_supported(
        including_emulation=False
    ):
        return train_without_bf16(cfg)
    return cfg


def wrap_without_device_ids(cfg: Config) -> Config:
    """Let MMEngine wrap the model for processes on CPUs.

    The wrapper is the one that MMEngine would choose, with ``device_ids``
    unset. ``broadcast_buffers`` and ``find_unused_parameters`` keep the
    defaults of MMEngine's runner.

    Args:
        cfg (Config): Config of the runner, with ``launcher`` set.

    Returns:
        Config: Copy with ``model_wrapper_cfg``, or ``cfg`` itself if it does
        not start several processes.

    Example:
        >>> cfg = wrap_without_device_ids(Config(dict(launcher='pytorch')))
        >>> cfg.model_wrapper_cfg.device_ids is None
        True
    """
    if cfg.get('launcher', 'none') == 'none':
        return cfg
    cfg = copy.deepcopy(cfg)
    defaults = dict(
        type='MMDistributedDataParallel',
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    cfg.model_wrapper_cfg = {
        **defaults,
        **(cfg.get('model_wrapper_cfg') or {}),
        'device_ids': None,
    }
    return cfg


def train_without_amp(cfg: Config) -> Config:
    """Replace CUDA's mixed precision by full precision and log it.

    Args:
        cfg (Config): Config of the runner.

    Returns:
        Config: Copy whose optimizer wrapper is ``OptimWrapper``, or ``cfg``
        itself if it does not use ``AmpOptimWrapper``.

    Example:
        >>> amp = dict(type='AmpOptimWrapper', dtype='bfloat16')
        >>> train_without_amp(Config(dict(optim_wrapper=amp))).optim_wrapper
        {'type': 'OptimWrapper'}
    """
    wrapper = cfg.get('optim_wrapper') or {}
    if wrapper.get('type') != 'AmpOptimWrapper':
        return cfg
    print_log(
        'No GPU found: training in full precision (OptimWrapper instead of '
        'AmpOptimWrapper).',
        logger='current',
        level=logging.WARNING,
    )
    cfg = copy.deepcopy(cfg)
    for key in AMP_ONLY_KEYS:
        cfg.optim_wrapper.pop(key, None)
    cfg.optim_wrapper.type = 'OptimWrapper'
    return cfg


def train_without_bf16(cfg: Config) -> Config:
    """Replace bf16 by fp16 with loss scaling and log it.

    Args:
        cfg (Config): Config of the runner.

    Returns:
        Config: Copy that trains in fp16, or ``cfg`` itself if it does not
        train in bf16.

    Example:
        >>> amp = dict(type='AmpOptimWrapper', dtype='bfloat16', loss_scale=1.)
        >>> cfg = train_without_bf16(Config(dict(optim_wrapper=amp)))
        >>> cfg.optim_wrapper.dtype, cfg.optim_wrapper.loss_scale
        ('float16', 'dynamic')
    """
    wrapper = cfg.get('optim_wrapper') or {}
    if (wrapper.get('type'), wrapper.get('dtype')) != (
        'AmpOptimWrapper',
        'bfloat16',
    ):
        return cfg
    print_log(
        'This GPU does not support bf16: training in fp16 with loss scaling.',
        logger='current',
        level=logging.WARNING,
    )
    cfg = copy.deepcopy(cfg)
    cfg.optim_wrapper.update(dtype='float16', loss_scale='dynamic')
    return cfg
