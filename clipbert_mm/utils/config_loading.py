# Copyright (c) clipbert_mm contributors.
"""Load a config and apply the options of a command line."""

import copy
import difflib
import os
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from .config_changes import allow_no_workers, apply_settings
from .config_files import find_config
from .config_places import SPLITS, walk
from .config_settings import SETTINGS
from .error_text import describe

#: Keys of a config that MMEngine's runner reads.
RUNNER_KEYS = (
    'activation_checkpointing',
    'auto_scale_lr',
    'compile',
    'custom_hooks',
    'custom_imports',
    'data_preprocessor',
    'default_hooks',
    'default_scope',
    'efficient_conv_bn_eval',
    'env_cfg',
    'experiment_name',
    'find_unused_parameters',
    'launcher',
    'load_from',
    'log_level',
    'log_processor',
    'model',
    'model_wrapper_cfg',
    'optim_wrapper',
    'param_scheduler',
    'randomness',
    'resume',
    'runner_type',
    'sync_bn',
    'test_cfg',
    'test_dataloader',
    'test_evaluator',
    'train_cfg',
    'train_dataloader',
    'val_cfg',
    'val_dataloader',
    'val_evaluator',
    'visualizer',
    'work_dir',
)

# Parents before their children.
_PARTS = (
    'model',
    *(f'model.{part}' for part in ('backbone', 'neck', 'head', 'task')),
    *(f'{split}_{part}' for split in SPLITS for part in ('cfg', 'dataloader')),
    *(f'{split}_dataloader.dataset' for split in SPLITS),
    'optim_wrapper',
    'default_hooks',
    'env_cfg',
)
_MOST_HINTS = 3


class ConfigFileError(ValueError):
    """Config that cannot be read."""


def load_config(
    path_or_name: str | os.PathLike[str],
    cfg_options: Mapping[str, Any] | None = None,
) -> Config:
    """Load a config, with options as ``--cfg-options`` gives them.

    Args:
        path_or_name (str | os.PathLike[str]): Path of a config, or name of a
            shipped one.
        cfg_options (Mapping[str, Any] | None): Options by setting
            (``img_size``) or dotted key (``model.token_budget``). Defaults
            to None.

    Returns:
        Config: The config.

    Raises:
        FileNotFoundError: If there is no such config.
        ConfigFileError: If it cannot be read.
        ValueError: If an option would change nothing, or does not fit the
            config. The message names the key that counts.

    Example:
        >>> cfg = load_config('clipbert_msrvtt_ret', dict(img_size=224))
        >>> cfg.train_dataloader.dataset.pipeline[3]
        {'type': 'ResizeLongSide', 'size': 224}
    """
    cfg = _read_config(find_config(path_or_name))
    override_config(cfg, cfg_options)
    return cfg


def _read_config(path: str) -> Config:
    """Read a config, which is a program that may raise anything."""
    try:
        return Config.fromfile(path)
    except Exception as error:
        is_ours = type(error) is ValueError
        reason = str(error) if is_ours else describe(error)
        raise ConfigFileError(
            f'The config {path} cannot be read: {reason}'
        ) from error


def override_config(
    cfg: Config, cfg_options: Mapping[str, Any] | None
) -> None:
    """Apply the options of a command line to a config.

    Args:
        cfg (Config): Config of the runner; it is changed.
        cfg_options (Mapping[str, Any] | None): Options by setting or
            dotted key. Dotted keys win over settings.

    Raises:
        ValueError: If an option would change nothing, or does not fit the
            config. The message names the key that counts.

    Example:
        >>> cfg = Config(dict(val_dataloader=dict(num_workers=4)))
        >>> override_config(cfg, {'num_workers': 2})
        >>> cfg.val_dataloader
        {'num_workers': 2}
    """
    options = dict(cfg_options or {})
    for key in options:
        _check_key(cfg, key)
    settings = {key: options.pop(key) for key in SETTINGS.keys() & options}
    apply_settings(cfg._cfg_dict, settings)
    _merge(cfg, options)
    _check_parts(cfg._cfg_dict)
    allow_no_workers(cfg._cfg_dict)


def _check_parts(cfg: Mapping[str, Any]) -> None:
    """Raise unless the parts that are built are dicts, or left out."""
    for path in _PARTS:
        *parents, key = path.split('.')
        owner: Any = cfg
        for parent in parents:
            owner = owner.get(parent) or {}
        if not isinstance(owner.get(key), Mapping | None):
            raise ValueError(
                f'{path} must be a dict, but got {owner[key]!r:.80}.'
            )


def _merge(cfg: Config, options: Mapping[str, Any]) -> None:
    """Merge dotted keys into a config, or name one that does not fit."""
    try:
        cfg.merge_from_dict(options)
    except (AssertionError, KeyError, TypeError) as error:
        raise ValueError(_explain_misfit(cfg, options, error)) from error


def _explain_misfit(
    cfg: Config, options: Mapping[str, Any], error: Exception
) -> str:
    for key, value in options.items():
        try:
            copy.deepcopy(cfg).merge_from_dict({key: value})
        except (AssertionError, KeyError, TypeError) as own:
            return (
                f'{key}={value!r:.80} does not fit the config: '
                f'{describe(own):.200}'
            )
    return f'{list(options)} do not fit the config: {describe(error):.200}'


def _check_key(cfg: Config, key: str) -> None:
    """Raise if neither the runner nor a setting reads a key."""
    root, _, rest = key.partition('.')
    if root in RUNNER_KEYS or (root in SETTINGS and not rest):
        return
    keys = _keys_that_count(cfg, root)
    hint = f'Use {" or ".join(keys)}.' if keys else _list_names()
    raise ValueError(
        f'{key} would change nothing: no part of the config reads {root!r}. '
        f'{hint}'
    )


def _keys_that_count(cfg: Config, name: str) -> list[str]:
    """Find the keys that someone who wrote ``name`` may have meant."""
    members = [
        (path, value)
        for key in RUNNER_KEYS
        for path, value in walk(cfg.get(key), key)
    ]
    found = [path for path, _ in members if path.endswith(f'.{name}')]
    if not found and cfg.get(name) is not None:  # a variable of the file
        found = [path for path, value in members if value == cfg[name]]
    if not found:
        found = difflib.get_close_matches(name, [*RUNNER_KEYS, *SETTINGS], n=1)
    return found[:_MOST_HINTS]


def _list_names() -> str:
    """List the keys of the runner and the settings."""
    return (
        f'Settings are {", ".join(SETTINGS)}; keys of the runner are '
        f'{", ".join(RUNNER_KEYS)}.'
    )
