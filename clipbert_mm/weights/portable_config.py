# Copyright (c) clipbert_mm contributors.
"""Make a config that builds a model from the files of its own folder."""

import os.path as osp
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmengine.config import Config

from .model_directory import bert_options

#: Placeholder that MMEngine replaces by the folder of a config.
HERE = '{{ fileDirname }}'

#: Names in the folder of an exported model.
CONFIG_FILE = 'config.py'
WEIGHT_FILE = 'model.safetensors'
TOKENIZER_FOLDER = 'tokenizer'

#: Keys that belong to a machine or a run, not to a model.
_OF_A_RUN = ('work_dir', 'launcher', 'experiment_name')

Edits = Mapping[str, Callable[[Any], Any]]


def without_weight_files(cfg: Config) -> Config:
    """Remove the weight files from which a model is initialised.

    The weights of a checkpoint replace them all.

    Args:
        cfg (Config): Config, which is not changed.

    Returns:
        Config: Copy with a changed model. Each ``bert`` that names a folder
        or a model on the hub is replaced by its options. Each ``init_cfg``
        and ``pretrained`` that names a checkpoint is replaced by None.

    Raises:
        OSError: If the config.json of a BERT cannot be found.

    Example:
        >>> cfg = Config(dict(model=dict(pretrained='r50.pth')))
        >>> without_weight_files(cfg).model.pretrained is None
        True
    """
    new = cfg.to_dict()
    new['model'] = rewrite(
        new['model'],
        dict(
            bert=lambda b: bert_options(b) if isinstance(b, str) else b,
            pretrained=lambda p: None if isinstance(p, str) else p,
            init_cfg=lambda i: None if _names_file(i) else i,
        ),
    )
    return Config(new)


def _names_file(init_cfg: Any) -> bool:
    """Return whether an initialiser of MMEngine reads a checkpoint."""
    several = init_cfg if isinstance(init_cfg, (list, tuple)) else [init_cfg]
    return any(
        isinstance(one, dict) and one.get('type') == 'Pretrained'
        for one in several
    )


def find_tokenizer(cfg: Config) -> str | None:
    """Find the tokenizer folder that a config names.

    Args:
        cfg (Config): Config with any number of ``tokenizer`` options.

    Returns:
        str | None: Path of the folder, or None if the tokenizer comes from
        the hub or the config names none.

    Raises:
        ValueError: If the config names several folders.

    Example:
        >>> find_tokenizer(Config(dict(model=dict()))) is None
        True
    """
    found: list[str] = []

    def keep(name: Any) -> Any:
        if isinstance(name, str) and osp.isdir(name) and name not in found:
            found.append(name)
        return name

    rewrite(cfg.to_dict(), dict(tokenizer=keep))
    if len(found) > 1:
        raise ValueError(
            f'expected one tokenizer in the config, but got {found}. Train '
            'and test a model with the same tokenizer.'
        )
    return found[0] if found else None


def portable_config(
    cfg: Config, answers: Sequence[str] | None = None
) -> Config:
    """Make the config of an exported model.

    Args:
        cfg (Config): Config from :func:`without_weight_files`.
        answers (Sequence[str] | None): Answers of the checkpoint. They
            replace the file that the ``vocabulary`` of the task names.
            Defaults to None.

    Returns:
        Config: Copy whose ``tokenizer`` and ``load_from`` name files in the
        folder of the config, wherever that is. Keys that belong to a run,
        such as ``work_dir``, are left out.

    Example:
        >>> portable_config(Config(dict(work_dir='a'))).load_from
        '{{ fileDirname }}/model.safetensors'
    """
    new = rewrite(cfg.to_dict(), dict(tokenizer=_to_folder))
    if answers is not None:
        new['model']['task']['vocabulary'] = list(answers)
    for name in _OF_A_RUN:
        new.pop(name, None)
    new.update(load_from=f'{HERE}/{WEIGHT_FILE}', resume=False)
    return Config(new)


def _to_folder(tokenizer: Any) -> Any:
    """Replace a local folder by its copy next to the config."""
    is_folder = isinstance(tokenizer, str) and osp.isdir(tokenizer)
    return f'{HERE}/{TOKENIZER_FOLDER}' if is_folder else tokenizer


def rewrite(value: Any, edits: Edits) -> Any:
    """Change the members of nested containers by name.

    Args:
        value (Any): Nested dicts, lists and tuples of plain values.
        edits (Edits): Function of each name of a member. It
            takes the value of the member and returns the new one.

    Returns:
        Any: Copy with the new values.

    Example:
        >>> rewrite([dict(a=1, b=2)], dict(a=str))
        [{'a': '1', 'b': 2}]
    """
    if isinstance(value, dict):
        return {
            key: rewrite(edits[key](member) if key in edits else member, edits)
            for key, member in value.items()
        }
    if isinstance(value, (list, tuple)):
        return type(value)(rewrite(member, edits) for member in value)
    return value
