# Copyright (c) clipbert_mm contributors.
"""Make settings that build a model from the files of their own folder."""

import os.path as osp
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmengine.config import Config

from clipbert_mm.models.pretrained_parts import config_options

from .model_directory import bert_options
from .safe_settings import BACKEND_OPTIONS

#: Names in the folder of an exported model.
CONFIG_FILE = 'config.json'
WEIGHT_FILE = 'model.safetensors'
TOKENIZER_FOLDER = 'tokenizer'

#: Members of the test's dataset that the use of a model needs.
_OF_DATASET = ('type', 'pipeline', 'tokenize')

Edits = Mapping[str, Callable[[Any], Any]]


def without_weight_files(cfg: Config) -> Config:
    """Remove the weight files from which a model is initialised.

    The weights of a checkpoint replace them all.

    Args:
        cfg (Config): Config, which is not changed.

    Returns:
        Config: Copy with a changed model. Each ``bert`` and each ``model`` of
        transformers is replaced by its options. Each ``init_cfg`` and
        ``pretrained`` that names a checkpoint is replaced by None.

    Raises:
        OSError: If the config.json of a BERT or of another model cannot be
            found.

    Example:
        >>> cfg = Config(dict(model=dict(pretrained='r50.pth')))
        >>> without_weight_files(cfg).model.pretrained is None
        True
    """
    new = cfg.to_dict()
    new['model'] = rewrite(
        new['model'],
        dict(
            bert=bert_options,
            model=lambda m: config_options(m) if isinstance(m, str) else m,
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
) -> dict[str, Any]:
    """Return the settings of an exported model.

    Args:
        cfg (Config): Config from :func:`without_weight_files`.
        answers (Sequence[str] | None): Answers of the checkpoint. They
            replace the file that the ``vocabulary`` of the task names.
            Defaults to None.

    Returns:
        dict[str, Any]: The model, and the test pipeline for any files. A
        local ``tokenizer`` is named by its folder next to the settings. What
        belongs to a run, a machine or a dataset is left out.

    Example:
        >>> portable_config(Config(dict(model=dict(), work_dir='a')))
        {'default_scope': 'mmaction', 'model': {}}
    """
    whole = rewrite(cfg.to_dict(), dict(tokenizer=_to_folder))
    settings = dict(
        default_scope=whole.get('default_scope') or 'mmaction',
        model=whole['model'],
    )
    settings['model'].pop('lora', None)  # an exported model has it merged
    if answers is not None:
        settings['model']['task']['vocabulary'] = list(answers)
    loader = whole.get('test_dataloader')
    if loader is not None:
        dataset = {
            name: value
            for name, value in loader['dataset'].items()
            if name in _OF_DATASET
        }
        settings['test_dataloader'] = dict(
            dataset=_drop(dataset, BACKEND_OPTIONS)
        )
    return settings


def _drop(value: Any, names: Sequence[str]) -> Any:
    """Copy nested containers without some members of their dicts."""
    if isinstance(value, dict):
        return {
            key: _drop(member, names)
            for key, member in value.items()
            if key not in names
        }
    if isinstance(value, (list, tuple)):
        return [_drop(member, names) for member in value]
    return value


def _to_folder(tokenizer: Any) -> Any:
    """Replace a local folder by its copy next to the settings."""
    is_folder = isinstance(tokenizer, str) and osp.isdir(tokenizer)
    return TOKENIZER_FOLDER if is_folder else tokenizer


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
