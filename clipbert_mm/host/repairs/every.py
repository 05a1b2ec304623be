# Copyright (c) clipbert_mm contributors.
"""Apply all repairs of the host packages."""

from .checkpoints import allow_history_buffers, read_downloads_safely
from .compilation import compile_parts_of_models
from .config_names import find_configs_by_name
from .config_settings import apply_settings_of_configs
from .optional_models import bind_submodules, import_mmaction_models
from .process_group import use_gloo_without_gpu
from .retrieval_recall import restore_in1d


def repair_host() -> dict[str, str]:
    """Apply the repairs that are needed.

    Returns:
        dict[str, str]: Reason of each repair that was needed, by its name.

    Example:
        >>> 'compile' in repair_host()
        True
    """
    for package in ('mmengine', 'mmcv', 'mmaction'):
        bind_submodules(package)  # an earlier import may have failed
    applied = import_mmaction_models()
    for name, repair in (
        ('history_buffer', allow_history_buffers),
        ('downloads', read_downloads_safely),
        ('in1d', restore_in1d),
        ('gloo', use_gloo_without_gpu),
        ('compile', compile_parts_of_models),
        ('settings', apply_settings_of_configs),
        ('config_names', find_configs_by_name),
    ):
        reason = repair()
        if reason is not None:
            applied[name] = reason
    return applied
