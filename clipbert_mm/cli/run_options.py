# Copyright (c) clipbert_mm contributors.
"""Options that several commands share: config, launcher, work folder."""

import argparse
import math
import os
import os.path as osp
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from clipbert_mm.utils.locks import FolderInUseError, lock_folder
from clipbert_mm.utils.outputs import OutputError, check_output_folder
from clipbert_mm.utils.resume_errors import (
    ExistingCheckpointsError,
    NotResumableError,
)
from clipbert_mm.utils.whole_files import FileNotWrittenError

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from mmengine.config import Config

SPLITS = ('train', 'val', 'test')
#: Environment variable from which MMEngine reads the rank, by launcher.
RANK_VARIABLES = {
    'pytorch': 'RANK',
    'slurm': 'SLURM_PROCID',
    'mpi': 'OMPI_COMM_WORLD_RANK',
}


class ConfigOptions(argparse.Action):
    """MMEngine's ``DictAction``, imported when the option is used.

    It keeps spaces of texts, such as those of paths, which MMEngine removes,
    and says what is wrong with a pair.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Read ``KEY=VALUE`` pairs into a dict."""
        given = dict(getattr(namespace, self.dest, None) or {})
        for pair in values:
            key, is_pair, text = pair.partition('=')
            if not is_pair or not all(key.split('.')):
                raise argparse.ArgumentError(
                    self, f'expected KEY=VALUE, but got {pair!r:.80}'
                )
            value = self._parse(pair)
            given[key] = text.strip('\'"') if isinstance(value, str) else value
        setattr(namespace, self.dest, given)

    def _parse(self, pair: str) -> Any:
        """Return the value of a pair as MMEngine reads it."""
        from mmengine.config import DictAction

        found = argparse.Namespace()
        try:
            DictAction(self.option_strings, 'pairs')(None, found, [pair])
        except (AssertionError, RecursionError) as error:
            raise argparse.ArgumentError(
                self,
                f'{pair!r:.80} cannot be read: its brackets do not match',
            ) from error
        (value,) = found.pairs.values()
        return value


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add the config and ``--cfg-options``.

    Args:
        parser (argparse.ArgumentParser): Parser to extend.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> add_config(parser)
        >>> parser.parse_args(['a.py', '--cfg-options', 'b.c=4']).cfg_options
        {'b.c': 4}
    """
    parser.add_argument(
        'config', help='path of a config, or name of a shipped one'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOptions,
        metavar='KEY=VALUE',
        help='change the config by settings (img_size=224 data_root=DATA) and '
        'keys (train_dataloader.batch_size=4 key="[a,b]" key=a,b '
        'key="[(a,b),(c,d)]"; quote brackets and leave no spaces)',
    )


def add_launcher(parser: argparse.ArgumentParser) -> None:
    """Add the options of a run in several processes.

    Args:
        parser (argparse.ArgumentParser): Parser to extend.
    """
    parser.add_argument(
        '--launcher',
        choices=['none', *RANK_VARIABLES],
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


def is_first_process(launcher: str) -> bool:
    """Return whether this process has rank 0, before the group is formed.

    Args:
        launcher (str): Launcher of the processes, as of ``--launcher``.

    Returns:
        bool: True for one process of a run.

    Example:
        >>> is_first_process('none')
        True
    """
    return os.environ.get(RANK_VARIABLES.get(launcher, ''), '0') == '0'


def export_local_rank(args: argparse.Namespace) -> None:
    """Set the variable from which MMEngine reads the rank on this machine.

    A launcher that sets the variable itself, such as torchrun, wins.

    Args:
        args (argparse.Namespace): Parsed options of :func:`add_launcher`.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))


def set_work_dir(cfg: 'Config', args: argparse.Namespace) -> None:
    """Set the work folder: of ``--work-dir``, of the config, or by its name.

    Args:
        cfg (Config): Config of the runner; it is changed.
        args (argparse.Namespace): Parsed options, with ``config`` and
            ``work_dir``.
    """
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = osp.splitext(osp.basename(args.config))[0]
        cfg.work_dir = osp.join('./work_dirs', name)


@contextmanager
def own_work_dir(folder: str, launcher: str) -> Iterator[None]:
    """Keep other commands out of a work folder that can be written to.

    Args:
        folder (str): Work folder.
        launcher (str): Launcher of the processes; the first process looks at
            the folder.

    Yields:
        None: While the lock is held.

    Raises:
        OutputError: If nothing can be written to the folder.
        FolderInUseError: If another run uses it.
    """
    with ExitStack() as stack:
        if is_first_process(launcher):
            check_output_folder('--work-dir', folder)
            stack.enter_context(lock_folder(folder, 'pass another --work-dir'))
        yield


@contextmanager
def plain_config_errors() -> Iterator[None]:
    """End the process with a message where a config or an option is wrong.

    Yields:
        None: While the config is read and changed.

    Raises:
        SystemExit: If that fails.
    """
    try:
        yield
    except (FileNotFoundError, ImportError, ValueError) as error:
        sys.exit(str(error))


def seed(text: str) -> int:
    """Return a seed of NumPy's generators, as the type of an option.

    Args:
        text (str): Word of the command line.

    Returns:
        int: The seed.

    Raises:
        ArgumentTypeError: If it is none.

    Example:
        >>> seed('42')
        42
    """
    if not text.isdecimal() or len(text) > 10 or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(
            f'expected an integer from 0 to {2**32 - 1}, but got {text!r:.40}'
        )
    return int(text)


def worker_number(text: str) -> int:
    """Return a number of processes, as the type of an option.

    Args:
        text (str): Word of the command line.

    Returns:
        int: Number, 0 or more.

    Raises:
        ArgumentTypeError: If it is none.

    Example:
        >>> worker_number('0')
        0
    """
    if not text.isdecimal() or len(text) > 5:
        raise argparse.ArgumentTypeError(
            f'expected a number of processes, 0 or more, but got {text!r:.40}'
        )
    return int(text)


def positive_seconds(text: str) -> float:
    """Return a positive time, as the type of an option.

    Args:
        text (str): Word of the command line.

    Returns:
        float: Seconds.

    Raises:
        ArgumentTypeError: If it is not a finite number above 0.

    Example:
        >>> positive_seconds('0.5')
        0.5
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(
            f'expected seconds above 0, but got {text!r:.40}'
        )
    return seconds


@contextmanager
def plain_refusals() -> Iterator[None]:
    """End the process with a message where a traceback would not help.

    Yields:
        None: For the work of the command.

    Raises:
        SystemExit: If a place cannot be written to or is in use, or if its
            checkpoints cannot be resumed or would be overwritten.
    """
    try:
        yield
    except (
        OutputError,
        FolderInUseError,
        FileNotWrittenError,
        ExistingCheckpointsError,
        NotResumableError,
    ) as error:
        sys.exit(str(error))
