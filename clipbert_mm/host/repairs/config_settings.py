# Copyright (c) clipbert_mm contributors.
"""Let MMEngine apply the settings of a config when it reads the file.

MMEngine computes the variables of a config file before a file that inherits
can change them, so one decision that acts in several places, such as the
image size, could only be changed by repeating every pipeline. The settings of
:mod:`clipbert_mm.utils.config_settings` solve that. They are applied where
MMEngine makes a :class:`~mmengine.config.Config` from files, and again where a
runner is built, for options that another program has merged in between, such
as MMAction2's ``tools/train.py``. Configs that do not import
:mod:`clipbert_mm` stay as they are.
"""

import copy
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from clipbert_mm.utils.config_settings import (
    allow_no_workers,
    take_late_settings,
    take_settings,
)

_init = Config.__init__
_from_cfg = Runner.from_cfg.__func__


def apply_settings_of_configs() -> str | None:
    """Apply settings where a config is read and where a runner is built.

    Returns:
        str | None: The reason.

    Example:
        >>> apply_settings_of_configs()  # doctest: +SKIP
        'MMEngine cannot change a variable that another file has read'
    """
    Config.__init__ = _init_with_settings
    Runner.from_cfg = classmethod(_from_cfg_with_settings)
    return 'MMEngine cannot change a variable that another file has read'


def _init_with_settings(
    self: Config, cfg_dict: dict | None = None, *args: Any, **kwargs: Any
) -> None:
    """Initialise a config and apply its settings."""
    _init(self, cfg_dict, *args, **kwargs)
    if _is_ours(self):
        take_settings(self._cfg_dict)


def _from_cfg_with_settings(cls: type[Runner], cfg: Any) -> Runner:
    """Build a runner after applying the settings that were added late."""
    if _is_ours(cfg):
        cfg = copy.deepcopy(cfg)
        members = cfg._cfg_dict if isinstance(cfg, Config) else cfg
        take_late_settings(members)
        allow_no_workers(members)
    return _from_cfg(cls, cfg)


def _is_ours(cfg: Any) -> bool:
    """Return whether a config imports this package or builds its model."""
    imports = (cfg.get('custom_imports') or {}).get('imports') or ()
    names = (imports,) if isinstance(imports, str) else imports
    model = cfg.get('model')
    kind = model.get('type') if isinstance(model, dict) else None
    return 'clipbert_mm' in names or kind in ('ClipBERT', 'mmaction.ClipBERT')
