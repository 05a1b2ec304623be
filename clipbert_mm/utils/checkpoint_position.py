# Copyright (c) clipbert_mm contributors.
"""Where a run would continue from a checkpoint, if the file is complete.

PyTorch reads the checkpoints of MMEngine once MMEngine has been imported
(:mod:`clipbert_mm.host.repairs.checkpoints`).
"""

import os.path as osp
import re
import zipfile
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

from .error_text import first_line
from .file_heads import HEAD_BYTES, describe_wrong_file
from .resume_errors import NotResumableError

_HUB_KEYS = ('log_scalars', 'runtime_info', 'resumed_keys')


class Position(NamedTuple):
    """A checkpoint that a run can resume from, and where it continues.

    Args:
        path (str): Path of the file.
        epoch (int): Number of finished epochs.
        iteration (int): Number of finished iterations.
        time (str): Time of saving, as ``YYYYMMDD_HHMMSS``, or ``''``.
    """

    path: str
    epoch: int
    iteration: int
    time: str

    @property
    def age(self) -> tuple[str, int, int]:
        """Key that is greater for a newer checkpoint."""
        return self.time, self.epoch, self.iteration


def read_position(path: str) -> Position:
    """Read where a run would resume from a checkpoint.

    Tensors are not read: :func:`check_bytes` does.

    Args:
        path (str): Path of a file.

    Returns:
        Position: Epoch, iteration and time.

    Raises:
        NotResumableError: If it is not the checkpoint of a run.

    Example:
        >>> read_position('work_dirs/run/epoch_2.pth')  # doctest: +SKIP
        Position(path='work_dirs/run/epoch_2.pth', epoch=2, iteration=24, ...)
    """
    if not osp.isfile(path):
        kind = 'it is not a file' if osp.exists(path) else 'it does not exist'
        raise NotResumableError(kind)
    try:
        content = _load(path)
    except Exception as error:  # the readers document none
        raise NotResumableError(_explain(path, error)) from error
    meta = _member(content, 'meta')
    check_position(meta)
    check_progress(content)
    time = str(meta.get('time'))
    if not re.fullmatch('[0-9]{8}_[0-9]{6}', time):
        time = ''
    return Position(path, meta['epoch'], meta['iter'], time)


def check_position(meta: object) -> None:
    """Raise unless the ``meta`` of a checkpoint says where to continue.

    Args:
        meta (object): Member of the checkpoint.

    Raises:
        NotResumableError: If epoch or iteration is not a count, or there
            are more epochs than iterations.

    Example:
        >>> check_position(dict(epoch=2, iter=24))
    """
    if not isinstance(meta, Mapping):
        raise NotResumableError('it has no meta')
    for name in ('epoch', 'iter'):
        value = meta.get(name)
        if type(value) is not int or not 0 <= value < 2**53:
            raise NotResumableError(
                f'expected a number of steps as its {name}, but got '
                f'{value!r:.50}'
            )
    if meta['epoch'] > meta['iter']:
        raise NotResumableError(
            f'it says that {meta["epoch"]} epochs ended after {meta["iter"]} '
            'iterations'
        )


def check_progress(content: Mapping[str, Any]) -> None:
    """Raise unless a checkpoint holds what a run continues with.

    The state of the optimizer and of the schedules may be left out.

    Args:
        content (Mapping[str, Any]): Content of the file.

    Raises:
        NotResumableError: If a part is missing, or is not of its kind.

    Example:
        >>> check_progress(dict(state_dict=dict(a=1), message_hub={}))
    """
    hub = _member(content, 'message_hub')
    parts: dict[str, Any] = {
        f'message_hub.{key}': hub.get(key, {}) for key in _HUB_KEYS
    }
    parts['state_dict'] = content.get('state_dict')
    if 'optimizer' in content:
        parts['optimizer'] = content['optimizer']
    schedules = content.get('param_schedulers', [])
    if isinstance(schedules, Mapping):  # of several optimizers
        schedules = [
            state for states in schedules.values() for state in states
        ]
    if not isinstance(schedules, list):
        schedules = [schedules]
    parts |= {f'param_schedulers.{i}': s for i, s in enumerate(schedules)}
    for name, part in parts.items():
        if not isinstance(part, Mapping):
            raise NotResumableError(
                f'expected a dict as its {name}, but got {part!r:.50}'
            )


def check_bytes(path: str) -> None:
    """Raise unless every byte of a checkpoint is as it was written.

    Args:
        path (str): Path of a file that :func:`read_position` has accepted.

    Raises:
        NotResumableError: If a checksum in the file is wrong.

    Example:
        >>> check_bytes('work_dirs/run/epoch_2.pth')  # doctest: +SKIP
    """
    if not zipfile.is_zipfile(path):
        return  # files of PyTorch < 1.6 have no checksums
    try:
        with zipfile.ZipFile(path) as file:
            damaged = file.testzip()
    except Exception as error:
        raise NotResumableError(f'damaged: {first_line(error)}') from error
    if damaged is not None:
        raise NotResumableError(f'damaged: the checksum of {damaged} is wrong')


def _load(path: str) -> Any:
    """Read a checkpoint, with tensors that are read when they are used."""
    if zipfile.is_zipfile(path):
        return torch.load(
            path, map_location='cpu', weights_only=True, mmap=True
        )
    return torch.load(path, map_location='cpu', weights_only=True)


def _member(content: Any, key: str) -> Mapping:
    """Return a member of a checkpoint that is a dict."""
    member = content.get(key) if isinstance(content, Mapping) else None
    if not isinstance(member, Mapping):
        raise NotResumableError(
            f'it has no {key}, so it holds weights alone: start from them '
            'with load_from'
        )
    return member


def _explain(path: str, error: Exception) -> str:
    """Return in words why a file cannot be read."""
    try:
        with open(path, 'rb') as file:
            head = file.read(HEAD_BYTES)
    except OSError as unreadable:
        return f'it cannot be read: {unreadable.strerror}'
    if not head:
        return 'it is empty'
    refused = re.search(r'GLOBAL (\S+)', str(error))
    if refused:
        return (
            f'it needs {refused[1]}, and reading it could run code of '
            'whoever made the file'
        )
    if head.startswith(b'PK\x03\x04'):
        return 'its end is missing or damaged'
    if not any(head):
        return 'it holds zeros only'
    wrong = describe_wrong_file(head)
    return 'it is not a checkpoint' if wrong is None else f'it is {wrong}'
