# Copyright (c) clipbert_mm contributors.
"""Changes of a config by its settings."""

import copy
from collections.abc import Mapping
from typing import Any

from .config_places import SPLITS
from .config_settings import SETTINGS


def apply_setting(cfg: dict, name: str, value: Any) -> None:
    """Write the value of a setting to every place where it acts.

    Args:
        cfg (dict): Config of the runner; it is changed.
        name (str): Name of the setting.
        value (Any): Its value.

    Raises:
        ValueError: If there is no such setting, or no place in this config.

    Example:
        >>> cfg = dict(train_dataloader=dict(dataset=dict(pipeline=[
        ...     dict(type='PadFrames', size=448)])))
        >>> apply_setting(cfg, 'img_size', 224)
        >>> cfg['train_dataloader']['dataset']['pipeline'][0]['size']
        224
    """
    if name not in SETTINGS:
        raise ValueError(
            f'settings must be among {sorted(SETTINGS)}, but got {name!r}.'
        )
    setting = SETTINGS[name]
    places = setting.find(cfg)
    if not any(place.counts for place in places):
        raise ValueError(
            f'{name}={value!r} would change nothing: {name} sets '
            f'{setting.acts_on}, and this config has none.'
        )
    if setting.assign is not None:
        setting.assign(cfg, value)
        return
    for place in places:
        place.owner[place.key] = value


def apply_settings(cfg: dict, given: Mapping[str, Any]) -> None:
    """Apply settings to a config, in the order of :data:`SETTINGS`.

    Args:
        cfg (dict): Config of the runner; it is changed.
        given (Mapping[str, Any]): Value of each setting by its name.

    Raises:
        ValueError: If a setting is unknown or acts nowhere.

    Example:
        >>> cfg = dict(val_dataloader=dict(num_workers=4))
        >>> apply_settings(cfg, dict(num_workers=0))
        >>> cfg
        {'val_dataloader': {'num_workers': 0}}
    """
    if not isinstance(given, Mapping):
        raise ValueError(
            f'settings must be a dict, such as dict(img_size=224), but got '
            f'{given!r:.80}.'
        )
    for key in cfg:  # no two parts may share a dict
        cfg[key] = copy.deepcopy(cfg[key])
    known = list(SETTINGS)
    for name in sorted(given, key=lambda n: n in known and known.index(n)):
        apply_setting(cfg, name, given[name])
        if name in cfg:
            cfg[name] = given[name]


def drop_variables(cfg: dict) -> None:
    """Remove the variables that have the name of a setting.

    Args:
        cfg (dict): Config as read from its files; it is changed.

    Raises:
        ValueError: If a variable was changed without effect.

    Example:
        >>> cfg = dict(num_workers=4, val_dataloader=dict(num_workers=4))
        >>> drop_variables(cfg)
        >>> cfg
        {'val_dataloader': {'num_workers': 4}}
    """
    for name in SETTINGS.keys() & cfg.keys():
        _check_variable(cfg, name)
    for name in SETTINGS.keys() & cfg.keys():
        del cfg[name]


def allow_no_workers(cfg: dict) -> None:
    """Drop the options that need workers from data loaders without workers.

    PyTorch refuses ``persistent_workers`` and ``prefetch_factor`` with
    ``num_workers=0``.

    Args:
        cfg (dict): Config of the runner; it is changed.

    Example:
        >>> cfg = dict(val_dataloader=dict(num_workers=0,
        ...                                persistent_workers=True))
        >>> allow_no_workers(cfg)
        >>> cfg
        {'val_dataloader': {'num_workers': 0}}
    """
    for split in SPLITS:
        loader = cfg.get(f'{split}_dataloader')
        if isinstance(loader, dict) and loader.get('num_workers') == 0:
            loader.pop('persistent_workers', None)
            loader.pop('prefetch_factor', None)


def _check_variable(cfg: dict, name: str) -> None:
    """Raise if a variable has a value that is found at none of its places."""
    places = [p for p in SETTINGS[name].find(cfg) if p.counts]
    value = cfg[name]
    if not places or any(place.value == value for place in places):
        return
    raise ValueError(
        f'{name} = {value!r} at the top level of the config changes nothing: '
        f'{places[0].path} is {places[0].value!r}. Write '
        f'settings = dict({name}={value!r}) to set {SETTINGS[name].acts_on}, '
        f'or {name} = {places[0].value!r} if the other value is meant.'
    )
