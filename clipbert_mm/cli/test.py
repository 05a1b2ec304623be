# Copyright (c) clipbert_mm contributors.
"""Test a checkpoint, with the options of MMAction2's test.py.

``--cfg-options`` also takes the settings of
:mod:`clipbert_mm.utils.config_settings`, and refuses what would change
nothing.

Example:
    python tools/test.py clipbert_msrvtt_ret work_dirs/best.pth --out s.npz
    tools/dist_test.sh configs/clipbert_msrvtt_ret.py work_dirs/best.pth 8
"""

import argparse
import inspect
import os
import os.path as osp

from mmaction.registry import METRICS
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope
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
    parser = argparse.ArgumentParser(description='Test a model')
    parser.add_argument(
        'config', help='path of a config, or name of a shipped one'
    )
    parser.add_argument('checkpoint', help='checkpoint of the model')
    parser.add_argument(
        '--work-dir',
        help='folder of logs and metrics; ./work_dirs/CONFIG by default',
    )
    parser.add_argument(
        '--dump',
        metavar='FILE.pkl',
        help='save the predictions to this pickle file',
    )
    parser.add_argument(
        '--out',
        metavar='FILE',
        help='save the scores of retrieval (.npz) or the answers to the '
        'questions (.json) to this file',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='change the config by settings (img_size=224 data_root=DATA) and '
        'keys (test_dataloader.batch_size=4 key="[a,b]" key=a,b '
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


def merge_args(cfg: Config, args: argparse.Namespace) -> Config:
    """Apply the options of the command line to the config.

    Args:
        cfg (Config): Config of the runner; it is changed.
        args (argparse.Namespace): Result of :func:`parse_args`.

    Returns:
        Config: The same config.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        ValueError: If the config does not support an option.
    """
    if '://' not in args.checkpoint and not osp.isfile(args.checkpoint):
        raise FileNotFoundError(
            f'There is no checkpoint {args.checkpoint!r}. Pass the path of a '
            '.pth file that tools/train.py or a converter wrote.'
        )
    cfg.launcher = args.launcher
    cfg.load_from = None  # see load_whole
    cfg.resume = False
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = osp.splitext(osp.basename(args.config))[0]
        cfg.work_dir = osp.join('./work_dirs', name)
    override_config(cfg, args.cfg_options)
    if args.out is not None:
        set_out_file(cfg, args.out)
    if args.dump is not None:
        add_dump(cfg, args.dump)
    return cfg


def set_out_file(cfg: Config, out_file: str) -> None:
    """Let the metric that can save its scores write them to a file.

    Args:
        cfg (Config): Config of the runner; ``test_evaluator`` is changed.
        out_file (str): Path of the file.

    Raises:
        ValueError: If not exactly one metric can save its scores, or the
            file does not have the suffix of this metric.
    """
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    evaluators = cfg.test_evaluator
    if not isinstance(evaluators, (list, tuple)):
        evaluators = [evaluators]
    able = [
        e
        for e in evaluators
        if 'out_file' in inspect.signature(METRICS.get(e.type)).parameters
    ]
    if len(able) != 1:
        raise ValueError(
            '--out needs exactly one metric with the argument `out_file` in '
            f'test_evaluator, but got {[e.type for e in evaluators]}.'
        )
    suffix = getattr(METRICS.get(able[0].type), 'out_suffix', '')
    if not out_file.endswith(suffix):
        raise ValueError(
            f'--out of {able[0].type} must end in {suffix}, but got '
            f'{out_file!r}.'
        )
    able[0].out_file = out_file


def add_dump(cfg: Config, out_file: str) -> None:
    """Add the metric that saves the predictions.

    Args:
        cfg (Config): Config of the runner; ``test_evaluator`` is changed.
        out_file (str): Path of the file, ``.pkl`` or ``.pickle``.

    Raises:
        ValueError: If the file has another suffix.
    """
    if not out_file.endswith(('.pkl', '.pickle')):
        raise ValueError(
            f'--dump must end in .pkl or .pickle, but got {out_file!r}.'
        )
    evaluators = cfg.test_evaluator
    if not isinstance(evaluators, (list, tuple)):
        evaluators = [evaluators]
    cfg.test_evaluator = [
        *evaluators,
        dict(type='DumpResults', out_file_path=out_file),
    ]


def load_whole(runner: Runner, checkpoint: str) -> None:
    """Load all weights of a model, or none.

    MMEngine's ``load_from`` skips what does not fit, for fine-tuning. A test
    would then measure a head that was never trained.

    Args:
        runner (Runner): Runner with the model.
        checkpoint (str): Path or URL of the checkpoint.

    Raises:
        RuntimeError: If a weight is missing, unexpected, or of another shape.
    """
    try:
        runner.load_checkpoint(checkpoint, strict=True)
    except RuntimeError as error:
        raise RuntimeError(
            f'{checkpoint!r} does not match the model of this config: '
            f'{error}\n'
            'Test with the config that the checkpoint was trained with.'
        ) from error


def main(argv: list[str] | None = None) -> None:
    """Build the runner and test.

    Args:
        argv (list[str] | None): Arguments of the command line. Defaults to
            None: those of the process.
    """
    args = parse_args(argv)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = fit_to_device(merge_args(load_config(args.config), args))
    runner = Runner.from_cfg(cfg)
    load_whole(runner, args.checkpoint)
    runner.test()
    leave_process_group()


if __name__ == '__main__':
    main()
