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
import os.path as osp
from typing import TYPE_CHECKING

from clipbert_mm.utils.outputs import (
    OutputError,
    check_output_file,
    check_output_folder,
)

from .run_options import (
    add_config,
    add_launcher,
    export_local_rank,
    is_first_process,
    plain_config_errors,
    plain_refusals,
    set_work_dir,
)

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from mmengine.config import Config
    from mmengine.runner import Runner

#: Says on the command line that the config names all weights.
NO_CHECKPOINT = 'none'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (list[str] | None): Arguments of the command line. Defaults to
            None: those of the process.

    Returns:
        argparse.Namespace: The options.
    """
    parser = argparse.ArgumentParser(description='Test a model')
    add_config(parser)
    parser.add_argument(
        'checkpoint',
        help="checkpoint of the model; 'none' for a config whose parts are "
        'all pretrained, such as blip_msrvtt_ret_zeroshot',
    )
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
        '--show-dir',
        metavar='DIR',
        help='draw contact sheets of some videos, with clip scores, truth and '
        'prediction, and of the best videos of some texts, into this folder',
    )
    parser.add_argument(
        '--num-sheets',
        type=int,
        default=16,
        help='maximum number of sheets of videos, and of texts, spread over '
        'the test set; default: %(default)s',
    )
    add_launcher(parser)
    return parser.parse_args(argv)


def merge_args(cfg: 'Config', args: argparse.Namespace) -> 'Config':
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
    from clipbert_mm.utils.config_loading import override_config

    if args.checkpoint == NO_CHECKPOINT:
        check_pretrained(cfg)
    elif '://' not in args.checkpoint and not osp.isfile(args.checkpoint):
        raise FileNotFoundError(
            f'There is no checkpoint {args.checkpoint!r}. Pass the path of a '
            '.pth file that tools/train.py or a converter wrote.'
        )
    cfg.launcher = args.launcher
    cfg.load_from = None  # see load_whole
    cfg.resume = False
    set_work_dir(cfg, args)
    override_config(cfg, args.cfg_options)
    if args.out is not None:
        set_out_file(cfg, args.out)
    if args.dump is not None:
        add_dump(cfg, args.dump)
    if args.show_dir is not None:
        add_sheets(cfg, args.show_dir, args.num_sheets)
    return cfg


def set_out_file(cfg: 'Config', out_file: str) -> None:
    """Let the metric that can save its scores write them to a file.

    Args:
        cfg (Config): Config of the runner; ``test_evaluator`` is changed.
        out_file (str): Path of the file.

    Raises:
        ValueError: If not exactly one metric can save its scores.
        OutputError: If the file does not have the suffix of this metric.
    """
    from mmaction.registry import METRICS
    from mmengine.registry import init_default_scope

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
        raise OutputError(
            f'--out of {able[0].type} must end in {suffix}, but got '
            f'{out_file!r}.'
        )
    able[0].out_file = out_file


def add_dump(cfg: 'Config', out_file: str) -> None:
    """Add the metric that saves the predictions.

    Args:
        cfg (Config): Config of the runner; ``test_evaluator`` is changed.
        out_file (str): Path of the file, ``.pkl`` or ``.pickle``.

    Raises:
        OutputError: If the file has another suffix.
    """
    if not out_file.endswith(('.pkl', '.pickle')):
        raise OutputError(
            f'--dump must end in .pkl or .pickle, but got {out_file!r}.'
        )
    evaluators = cfg.test_evaluator
    if not isinstance(evaluators, (list, tuple)):
        evaluators = [evaluators]
    cfg.test_evaluator = [
        *evaluators,
        dict(type='DumpResults', out_file_path=out_file),
    ]


def add_sheets(cfg: 'Config', out_dir: str, num_sheets: int) -> None:
    """Add the hook that draws contact sheets, and its visualizer.

    Args:
        cfg (Config): Config of the runner; ``custom_hooks`` and
            ``visualizer`` are changed.
        out_dir (str): Folder of the images.
        num_sheets (int): Maximum number of sheets of each kind.
    """
    kind = 'ContactSheetHook'
    hooks = [h for h in cfg.get('custom_hooks') or () if h.type != kind]
    cfg.custom_hooks = [
        *hooks,
        dict(type=kind, out_dir=out_dir, num_sheets=num_sheets),
    ]
    cfg.visualizer = dict(cfg.get('visualizer') or {})
    cfg.visualizer.type = 'VideoTextVisualizer'


def check_outputs(cfg: 'Config', args: argparse.Namespace) -> None:
    """Raise unless the results can be written, hours before they are there.

    Args:
        cfg (Config): Config of the runner.
        args (argparse.Namespace): Result of :func:`parse_args`.

    Raises:
        OutputError: If the work folder or a file cannot be written.
    """
    check_output_folder('--work-dir', cfg.work_dir)
    if args.show_dir is not None:
        check_output_folder('--show-dir', args.show_dir)
    for option, path in (('--out', args.out), ('--dump', args.dump)):
        if path is not None:
            check_output_file(option, path, sources=[args.checkpoint])


def check_pretrained(cfg: 'Config') -> None:
    """Raise unless all parts of a model come from files.

    Args:
        cfg (Config): Config of the runner.

    Raises:
        ValueError: If a part would be random.
    """
    parts = [cfg.model.get(part, {}) for part in ('backbone', 'head')]
    if not all(isinstance(part.get('model'), str) for part in parts):
        raise ValueError(
            f'The checkpoint {NO_CHECKPOINT!r} needs a config whose backbone '
            'and head name a pretrained `model`, such as '
            'blip_msrvtt_ret_zeroshot; here weights would be random. Pass a '
            '.pth file that tools/train.py or a converter wrote.'
        )


def load_whole(runner: 'Runner', checkpoint: str) -> None:
    """Load all weights of a model, or none.

    MMEngine's ``load_from`` skips what does not fit, for fine-tuning. A test
    would then measure a head that was never trained.

    Args:
        runner (Runner): Runner with the model.
        checkpoint (str): Path or URL of the checkpoint.

    Raises:
        ValueError: If the checkpoint cannot be read.
        RuntimeError: If a weight is missing, unexpected, or of another shape.
        NonFiniteError: If a weight is NaN or infinite.
    """
    from clipbert_mm.utils.finite import NonFiniteError

    try:
        runner.load_checkpoint(checkpoint, strict=True)
    except OSError as error:
        raise ValueError(f'{checkpoint!r} cannot be read: {error}.') from error
    except NonFiniteError as error:
        raise NonFiniteError(
            f'{checkpoint!r} cannot be tested. {error}'
        ) from error
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
    from mmengine.runner import Runner

    from clipbert_mm.engine import RankWatchHook
    from clipbert_mm.host.device import fit_to_device, leave_process_group
    from clipbert_mm.utils.config_loading import load_config

    export_local_rank(args)
    with plain_config_errors():
        cfg = fit_to_device(merge_args(load_config(args.config), args))
    with plain_refusals():
        if is_first_process(cfg.launcher):
            check_outputs(cfg, args)
        runner = Runner.from_cfg(cfg)
        runner.register_hook(RankWatchHook())
        if args.checkpoint != NO_CHECKPOINT:
            with plain_config_errors():
                load_whole(runner, args.checkpoint)
        runner.test()
        leave_process_group()


if __name__ == '__main__':
    main()
