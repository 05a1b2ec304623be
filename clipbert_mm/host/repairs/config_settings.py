# Copyright (c) clipbert_mm contributors.
"""Let MMEngine apply the settings of a config when it reads the file.

MMEngine computes the variables of a config file before a file that inherits
can change them. One decision that acts in several places, such as the image
size, could only be changed by repeating every pipeline. The settings of
:mod:`clipbert_mm.utils.config_settings` solve that. They are applied to each
file that states them, and again where a runner is built, for options that
another program has merged in between, such as MMAction2's ``tools/train.py``.
Configs that neither import :mod:`clipbert_mm` nor build its model stay as they
are.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from clipbert_mm.utils.config_changes import (
    allow_no_workers,
    apply_settings,
    drop_variables,
)
from clipbert_mm.utils.config_settings import SETTINGS

_init = Config.__init__
_file2dict = Config._file2dict
_from_cfg = Runner.from_cfg.__func__


def apply_settings_of_configs() -> str | None:
    """Apply settings where a config is read and where a runner is built.

    Returns:
        str | None: The reason.

    Example:
        >>> apply_settings_of_configs()  # doctest: +SKIP
        'MMEngine cannot change a variable that another file has read'
    """
    Config._file2dict = staticmethod(_file2dict_with_settings)
    Config.__init__ = _init_with_settings
    Runner.from_cfg = classmethod(_from_cfg_with_settings)
    return 'MMEngine cannot change a variable that another file has read'


def _file2dict_with_settings(
    filename: str, *args: Any, **kwargs: Any
) -> tuple[dict, str, dict]:
    """Read a file and its bases, then apply the settings of the file."""
    cfg_dict, text, env_variables = _file2dict(filename, *args, **kwargs)
    if 'settings' in cfg_dict and _is_ours(cfg_dict):
        with _named(filename):
            apply_settings(cfg_dict, cfg_dict.pop('settings'))
    return cfg_dict, text, env_variables


def _init_with_settings(
    self: Config,
    cfg_dict: dict | None = None,
    cfg_text: str | None = None,
    filename: Any = None,
    *args: Any,
    **kwargs: Any,
) -> None:
    """Make a config of what was read, without variables."""
    if cfg_dict and _is_ours(cfg_dict):
        if 'settings' in cfg_dict and filename is not None:
            # Its custom_imports have just imported this package.
            cfg_dict = Config._file2dict(str(filename))[0]
        cfg_dict = dict(cfg_dict)
        with _named(filename):
            drop_variables(cfg_dict)
    _init(self, cfg_dict, cfg_text, filename, *args, **kwargs)


def _from_cfg_with_settings(cls: type[Runner], cfg: Any) -> Runner:
    """Build a runner after applying the settings that were added late."""
    if _is_ours(cfg):
        cfg = copy.deepcopy(cfg)
        members = cfg._cfg_dict if isinstance(cfg, Config) else cfg
        late = {name: members.pop(name) for name in SETTINGS if name in cfg}
        apply_settings(members, late)
        allow_no_workers(members)
    return _from_cfg(cls, cfg)


@contextmanager
def _named(filename: Any) -> Iterator[None]:
    """Name the file of a config in the errors of its settings."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f'{filename or "Config"}: {error}') from error


def _is_ours(cfg: Any) -> bool:
    """Return whether a config imports this package or builds its model."""
    imports = (cfg.get('custom_imports') or {}).get('imports') or ()
    names = (imports,) if isinstance(imports, str) else imports
    model = cfg.get('model')
    kind = model.get('type') if isinstance(model, dict) else None
    return 'clipbert_mm' in names or kind in ('ClipBERT', 'mmaction.ClipBERT')
