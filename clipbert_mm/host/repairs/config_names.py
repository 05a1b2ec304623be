# Copyright (c) clipbert_mm contributors.
"""Let MMEngine find our configs by ``clipbert_mm::<name>``.

MMEngine knows the packages of OpenMMLab alone, wants a folder in every name,
looks for editable installations where they are not, and builds what such a
config names in a registry of the package's own name. Ours are components of
MMAction2's registries.
"""

from typing import Any

from mmengine import hub
from mmengine.config import Config
from mmengine.hub import hub as hub_module
from mmengine.registry import init_default_scope

from clipbert_mm.utils.config_files import config_file

PREFIX = 'clipbert_mm::'

_get_cfg_path = Config._get_cfg_path
_get_config = hub_module.get_config
_get_model = hub_module.get_model


def find_configs_by_name() -> str | None:
    """Let ``_base_`` and MMEngine's hub take names of shipped configs.

    Returns:
        str | None: The reason.

    Example:
        >>> find_configs_by_name()  # doctest: +SKIP
        'MMEngine finds configs of its own packages alone'
        >>> from mmengine.hub import get_config
        >>> get_config(
        ...     'clipbert_mm::clipbert_msrvtt_ret.py').model.type
        'ClipBERT'
    """
    Config._get_cfg_path = staticmethod(_find_base)
    hub.get_config = hub_module.get_config = _find_config
    hub.get_model = hub_module.get_model = _find_model
    return 'MMEngine finds configs of its own packages alone'


def _find_base(cfg_path: str, filename: str) -> tuple[str, str | None]:
    """Return the path of a base config, and the scope of what it names."""
    if cfg_path.startswith(PREFIX):
        return config_file(cfg_path.removeprefix(PREFIX)), None
    return _get_cfg_path(cfg_path, filename)


def _find_config(cfg_path: str, pretrained: bool = False) -> Config:
    """Load a config by its name, as MMEngine's function of this name."""
    if not cfg_path.startswith(PREFIX):
        return _get_config(cfg_path, pretrained)
    _refuse_pretrained(cfg_path, pretrained)
    return Config.fromfile(config_file(cfg_path.removeprefix(PREFIX)))


def _find_model(cfg_path: str, pretrained: bool = False, **kwargs: Any) -> Any:
    """Build the model of a config, as MMEngine's function of this name."""
    if not cfg_path.startswith(PREFIX):
        return _get_model(cfg_path, pretrained, **kwargs)
    from mmaction.registry import MODELS

    cfg = _find_config(cfg_path, pretrained)
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    return MODELS.build(cfg.model, default_args=kwargs)


def _refuse_pretrained(cfg_path: str, pretrained: bool) -> None:
    """Raise if published weights are asked for."""
    if pretrained:
        raise ValueError(
            f'No weights are published for {cfg_path!r}. Convert a '
            'checkpoint with tools/convert_weights.py and pass its path to '
            'tools/test.py, or to the APIs of clipbert_mm.'
        )
