# Copyright (c) clipbert_mm contributors.
"""Let MMEngine find our configs by ``clipbert_mm::<name>``.

MMEngine knows only the packages of OpenMMLab, requires a folder in every name,
misses editable installations, and builds the types of such a config in a
registry of the package's own name. Ours are in MMAction2's registries.
"""

from typing import Any

from mmaction.registry import MODELS
from mmengine import hub
from mmengine.config import Config
from mmengine.hub import hub as hub_module
from mmengine.registry import init_default_scope

from clipbert_mm.utils.config_files import PACKAGE, config_file

PREFIX = 'clipbert_mm::'

_get_cfg_path = Config._get_cfg_path
_split = hub_module._get_package_and_cfg_path
_get_installed_path = hub_module.get_installed_path
_get_model = hub_module.get_model


def find_configs_by_name() -> str:
    """Let ``_base_`` and MMEngine's hub take names of shipped configs.

    ``get_config`` looks up the functions below in its module, so it works
    wherever it was imported before. ``get_model`` has to be imported after
    this package.

    Returns:
        str: Reason of the repair.

    Example:
        >>> find_configs_by_name()  # doctest: +SKIP
        'MMEngine finds configs of OpenMMLab packages only'
        >>> hub.get_config('clipbert_mm::clipbert_msrvtt_ret').model.type
        'ClipBERT'
    """
    Config._get_cfg_path = staticmethod(_find_base)
    hub_module._get_package_and_cfg_path = _split_name
    hub_module.get_installed_path = _find_package
    hub.get_model = hub_module.get_model = _find_model
    return 'MMEngine finds configs of OpenMMLab packages only'


def _find_base(cfg_path: str, filename: str) -> tuple[str, str | None]:
    """Return the path of a base config and the scope of its types."""
    if cfg_path.startswith(PREFIX):
        return config_file(cfg_path.removeprefix(PREFIX)), None
    return _get_cfg_path(cfg_path, filename)


def _split_name(cfg_path: str) -> tuple[str, str]:
    """Return the package and the path of a config, absolute for ours."""
    if cfg_path.startswith(PREFIX):
        return 'clipbert_mm', config_file(cfg_path.removeprefix(PREFIX))
    return _split(cfg_path)


def _find_package(package: str) -> str:
    """Return the folder of a package."""
    return (
        str(PACKAGE)
        if package == PACKAGE.name
        else _get_installed_path(package)
    )


def _find_model(cfg_path: str, pretrained: bool = False, **kwargs: Any) -> Any:
    """Build the model of a config, like MMEngine's ``get_model``."""
    if not cfg_path.startswith(PREFIX):
        return _get_model(cfg_path, pretrained, **kwargs)
    if pretrained:
        raise ValueError(
            f'No weights are published for {cfg_path!r}. Build the model '
            'without pretrained=True and load a checkpoint of '
            'tools/train.py or tools/convert_weights.py.'
        )
    cfg = hub_module.get_config(cfg_path)
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    return MODELS.build(cfg.model, default_args=kwargs)
