# Copyright (c) clipbert_mm contributors.
"""Load a config and apply the options of a command line."""

import difflib
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from .config_files import find_config
from .config_settings import SETTINGS, allow_no_workers, apply_settings, walk

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

_MOST_HINTS = 3


def load_config(
    path_or_name: str, cfg_options: Mapping[str, Any] | None = None
) -> Config:
    """Load a config, with options as ``--cfg-options`` gives them.

    Args:
        path_or_name (str): Path of a config, or name of a shipped one.
        cfg_options (Mapping[str, Any] | None): Options by setting
            (``img_size``) or dotted key (``model.token_budget``). Defaults
            to None.

    Returns:
        Config: The config.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If an option would change nothing. The message names the
            key that counts.

    Example:
        >>> cfg = load_config('clipbert_msrvtt_ret', dict(img_size=224))
        >>> cfg.train_dataloader.dataset.pipeline[3]
        {'type': 'ResizeLongSide', 'size': 224}
    """
    cfg = Config.fromfile(find_config(path_or_name))
    override_config(cfg, cfg_options)
    return cfg


def override_config(
    cfg: Config, cfg_options: Mapping[str, Any] | None
) -> None:
    """Apply the options of a command line to a config.

    Args:
        cfg (Config): Config of the runner; it is changed.
        cfg_options (Mapping[str, Any] | None): Options by setting or
            dotted key. Dotted keys win over settings.

    Raises:
        ValueError: If an option would change nothing. The message names the
            key that counts.

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
    cfg.merge_from_dict(options)
    allow_no_workers(cfg._cfg_dict)


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
