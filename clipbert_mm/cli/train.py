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
import os
import os.path as osp

import torch
from mmengine.config import Config, ConfigDict, DictAction
from mmengine.runner import Runner

from clipbert_mm.host.device import fit_to_device, leave_process_group
from clipbert_mm.utils.config_loading import load_config, override_config


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (list[str] | None): Arguments of the command line. Defaults to
            None: those of the process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(description='Train a model')
    add_training_options(parser)
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='change the config by settings (img_size=224 data_root=DATA) and '
        'keys (train_dataloader.batch_size=4 key="[a,b]" key=a,b '
        'key="[(a,b),(c,d)]"; quote brackets and leave no spaces)',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='launcher of the processes',
    )
    parser.add_argument(
        '--local_rank',
        '--local-rank',
        type=int,
        default=0,
        help=argparse.SUPPRESS,
    )  # passed by some launchers
    return parser.parse_args(argv)


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add the config and the options of the training itself.

    Args:
        parser (argparse.ArgumentParser): Parser to extend.
    """
    parser.add_argument(
        'config', help='path of a config, or name of a shipped one'
    )
    parser.add_argument(
        '--work-dir',
        help='folder of logs and checkpoints; ./work_dirs/CONFIG by default',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='resume from this checkpoint or, without one, from the latest '
        'in the work folder',
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
    parser.add_argument('--seed', type=int, help='random seed')
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


def merge_args(cfg: Config, args: argparse.Namespace) -> Config:
    """Apply the options of the command line to the config.

    Args:
        cfg (Config): Config of the runner; it is changed.
        args (argparse.Namespace): Result of :func:`parse_args`.

    Returns:
        Config: The same config.

    Raises:
        ValueError: If the config does not support an option.
    """
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = osp.splitext(osp.basename(args.config))[0]
        cfg.work_dir = osp.join('./work_dirs', name)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
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
    if cfg.get('load_from') is not None:
        start_from_whole_model(cfg)
    return cfg


def start_from_whole_model(cfg: Config) -> None:
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


def use_amp(optim_wrapper: ConfigDict) -> None:
    """Turn mixed precision on and keep the options that the config gives.

    Args:
        optim_wrapper (ConfigDict): Config of the optimizer wrapper; it is
            changed.

    Raises:
        ValueError: If the wrapper is of a type without mixed precision.
    """
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


def set_randomness(cfg: Config, args: argparse.Namespace) -> None:
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
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = fit_to_device(merge_args(load_config(args.config), args))
    Runner.from_cfg(cfg).train()
    leave_process_group()


if __name__ == '__main__':
    main()
