# Copyright (c) clipbert_mm contributors.
"""Train a model from a config, with the options of MMAction2's train.py.

``--cfg-options`` also takes the settings of
:mod:`clipbert_mm.utils.config_settings`, and refuses what would change
nothing.

Example:
    python tools/train.py clipbert_msrvtt_ret --amp
    python tools/train.py clipbert_msrvtt_ret --cfg-options img_size=224
    tools/dist_train.sh configs/clipbert_msrvtt_ret.py 8 --resume
"""

import argparse
from typing import TYPE_CHECKING

from clipbert_mm.utils.checkpoint_names import (
    TEMPLATES,
    check_start,
    checkpoint_folder,
)
from clipbert_mm.utils.checks import check_integer

from .run_options import (
    add_config,
    add_launcher,
    export_local_rank,
    own_work_dir,
    plain_config_errors,
    plain_refusals,
    seed,
    set_work_dir,
)

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from mmengine.config import Config, ConfigDict


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (list[str] | None): Arguments of the command line. Defaults to
            None: those of the process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(description='Train a model')
    add_config(parser)
    add_training_options(parser)
    add_launcher(parser)
    return parser.parse_args(argv)


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the training itself.

    Args:
        parser (argparse.ArgumentParser): Parser to extend.
    """
    parser.add_argument(
        '--work-dir',
        help='folder of logs and checkpoints; ./work_dirs/CONFIG by default',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='resume from this checkpoint or, without one, from the newest '
        'complete one in the work folder',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='start from scratch over the checkpoints in the work folder',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='train in mixed precision: bf16 where the GPU has it, else fp16 '
        'with loss scaling',
    )
    parser.add_argument(
        '--no-validate',
        action='store_true',
        help='do not evaluate during training',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the ratio of the total batch size '
        'to auto_scale_lr.base_batch_size of the config',
    )
    parser.add_argument('--seed', type=seed, help='random seed')
    parser.add_argument(
        '--diff-rank-seed',
        action='store_true',
        help='give each process its own seed',
    )
    parser.add_argument(
        '--deterministic',
        action='store_true',
        help='use deterministic cuDNN algorithms',
    )


def merge_args(cfg: 'Config', args: argparse.Namespace) -> 'Config':
    """Apply the options of the command line to the config.

    Args:
        cfg (Config): Config of the runner; it is changed.
        args (argparse.Namespace): Result of :func:`parse_args`.

    Returns:
        Config: The same config.

    Raises:
        ValueError: If the config does not support an option.
    """
    from clipbert_mm.utils.config_loading import override_config

    cfg.launcher = args.launcher
    set_work_dir(cfg, args)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.resume is not None:
        cfg.resume = True
        # Where there is nothing to resume, the run starts as it would have.
        cfg.first_load_from = cfg.get('load_from')
        cfg.load_from = None if args.resume == 'auto' else args.resume
    if args.overwrite:
        allow_overwriting(cfg)
    if args.amp:
        use_amp(cfg.optim_wrapper)
    if args.auto_scale_lr:
        if 'auto_scale_lr' not in cfg:
            raise ValueError(
                '--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=...)'
                f' in the config, but {args.config} has none.'
            )
        cfg.auto_scale_lr.enable = True
    set_randomness(cfg, args)
    override_config(cfg, args.cfg_options)
    check_length(cfg)
    if cfg.get('load_from') or cfg.get('first_load_from'):
        start_from_whole_model(cfg)
    return cfg


def check_length(cfg: 'Config') -> None:
    """Raise unless a training has at least one epoch or iteration.

    MMEngine ends a training of none with success.

    Args:
        cfg (Config): Config of the runner.

    Raises:
        ValueError: If it has none.
    """
    for name in ('max_epochs', 'max_iters'):
        number = (cfg.get('train_cfg') or {}).get(name)
        if number is not None:
            check_integer(f'train_cfg.{name}', number, 1)


def allow_overwriting(cfg: 'Config') -> None:
    """Let a run from scratch overwrite the checkpoints of another.

    Args:
        cfg (Config): Config of the runner; it is changed.
    """
    from mmengine.config import ConfigDict

    hooks = cfg.setdefault('default_hooks', ConfigDict())
    if hooks.get('checkpoint', {}) is not None:
        hooks.setdefault(
            'checkpoint', ConfigDict(type='CheckpointHook', interval=1)
        )
        hooks.checkpoint.overwrite = True


def refuse_to_overwrite(cfg: 'Config') -> None:
    """Raise if the run starts over the checkpoints of another.

    The ``CheckpointHook`` does too, but only when the datasets and the model
    have been built.

    Args:
        cfg (Config): Config of the runner.

    Raises:
        ExistingCheckpointsError: If they would be overwritten.
    """
    hook = (cfg.get('default_hooks') or {}).get('checkpoint', {})
    if cfg.get('resume') or hook is None or hook.get('overwrite'):
        return
    folder = checkpoint_folder(cfg.work_dir, hook.get('out_dir'))
    template = hook.get('filename_tmpl')
    check_start(folder, TEMPLATES if template is None else [template])


def start_from_whole_model(cfg: 'Config') -> None:
    """Drop the start of backbone and neck where a whole model is loaded.

    ``load_from`` holds all their weights, but MMEngine reads the file of an
    ``init_cfg`` first and fails without it.

    Args:
        cfg (Config): Config of the runner; it is changed.
    """
    for name in ('backbone', 'neck'):
        part = cfg.get('model', {}).get(name) or {}
        if (part.get('init_cfg') or {}).get('type') == 'Pretrained':
            part['init_cfg'] = None


def use_amp(optim_wrapper: 'ConfigDict') -> None:
    """Turn mixed precision on and keep the options that the config gives.

    Args:
        optim_wrapper (ConfigDict): Config of the optimizer wrapper; it is
            changed.

    Raises:
        ValueError: If the wrapper is of a type without mixed precision.
    """
    import torch

    kind = optim_wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise ValueError(
            '--amp needs optim_wrapper.type to be OptimWrapper or '
            f'AmpOptimWrapper, but got {kind!r}.'
        )
    optim_wrapper.type = 'AmpOptimWrapper'
    has_bf16 = torch.cuda.is_available() and torch.cuda.is_bf16_supported(
        including_emulation=False
    )
    optim_wrapper.setdefault('dtype', 'bfloat16' if has_bf16 else 'float16')
    # bf16 has the range of float32, so gradients need no scaling
    optim_wrapper.setdefault(
        'loss_scale', 1.0 if optim_wrapper.dtype == 'bfloat16' else 'dynamic'
    )


def set_randomness(cfg: 'Config', args: argparse.Namespace) -> None:
    """Replace options of ``randomness`` by those of the command line.

    Args:
        cfg (Config): Config of the runner; it is changed.
        args (argparse.Namespace): Result of :func:`parse_args`.
    """
    given = {
        'seed': args.seed,
        'diff_rank_seed': args.diff_rank_seed or None,
        'deterministic': args.deterministic or None,
    }
    given = {key: value for key, value in given.items() if value is not None}
    cfg.randomness = {'seed': None, **(cfg.get('randomness') or {}), **given}


def main(argv: list[str] | None = None) -> None:
    """Build the runner and train.

    Args:
        argv (list[str] | None): Arguments of the command line. Defaults to
            None: those of the process.
    """
    args = parse_args(argv)
    from mmengine.runner import Runner

    from clipbert_mm.engine import RankWatchHook
    from clipbert_mm.host.device import fit_to_device, leave_process_group
    from clipbert_mm.utils.config_loading import load_config

    export_local_rank(args)
    with plain_config_errors():
        cfg = fit_to_device(merge_args(load_config(args.config), args))
    with plain_refusals(), own_work_dir(cfg.work_dir, cfg.launcher):
        refuse_to_overwrite(cfg)
        runner = Runner.from_cfg(cfg)
        runner.register_hook(RankWatchHook())
        runner.train()
        leave_process_group()


if __name__ == '__main__':
    main()
