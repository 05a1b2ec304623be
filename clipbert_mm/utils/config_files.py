# Copyright (c) clipbert_mm contributors.
"""Find the configs that come with the package, from any working directory."""

import difflib
import os
import os.path as osp
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
# In installations; in checkouts on systems without symbolic links.
CONFIG_FOLDERS = (PACKAGE / '.mim' / 'configs', PACKAGE.parent / 'configs')


def config_file(name: str) -> str:
    """Return the path of a config that comes with the package.

    Args:
        name (str): Name of the config relative to the folder ``configs``,
            with or without ``.py`` and with or without ``configs/``.

    Returns:
        str: Absolute path of the file, in the installed package or, for an
        editable installation, in the checkout.

    Raises:
        FileNotFoundError: If there is no such config. The message lists
            those that exist.

    Example:
        >>> config_file('clipbert_msrvtt_ret').rpartition('/')[2]
        'clipbert_msrvtt_ret.py'
    """
    stem = name.removeprefix('configs/').removesuffix('.py')
    path = _config_folder() / f'{stem}.py'
    if not path.is_file():
        names = shipped_configs()
        close = difflib.get_close_matches(stem, names, n=1)
        # The ablations have a README that lists them.
        names = [name for name in names if not name.startswith('ablations/')]
        raise FileNotFoundError(
            f'No config {name!r} comes with clipbert_mm. '
            + (f'Did you mean {close[0]!r}? ' if close else '')
            + f'Existing ones: {", ".join(names)}, and ablations/….'
        )
    return str(path)


def shipped_configs() -> list[str]:
    """Return the names of the configs that come with the package.

    The parts that configs inherit (``_base_``) are left out.

    Returns:
        list[str]: Sorted names, as :func:`config_file` takes them.

    Example:
        >>> 'clipbert_msrvtt_ret' in shipped_configs()
        True
    """
    folder = _config_folder()
    paths = (
        path.relative_to(folder).with_suffix('')
        for path in folder.rglob('*.py')
    )
    return sorted(p.as_posix() for p in paths if '_base_' not in p.parts)


def find_config(path_or_name: str | os.PathLike[str]) -> str:
    """Return the path of a config that is given by path or by shipped name.

    Args:
        path_or_name (str | os.PathLike[str]): Path of a file, or a name that
            :func:`config_file` takes. An existing file comes first.

    Returns:
        str: Path of the config.

    Raises:
        FileNotFoundError: If it is neither.

    Example:
        >>> find_config('clipbert_msrvtt_ret') == config_file(
        ...     'clipbert_msrvtt_ret')
        True
    """
    path_or_name = os.fspath(path_or_name)
    if osp.isfile(path_or_name):
        return path_or_name
    return config_file(path_or_name)


def _config_folder() -> Path:
    """Return the first existing folder of configs."""
    for folder in CONFIG_FOLDERS:
        if folder.is_dir():
            return folder.resolve()
    raise FileNotFoundError(
        f'The configs of clipbert_mm are in none of {CONFIG_FOLDERS}. '
        'Install the package again, or pass the path of a config.'
    )
