# Copyright (c) clipbert_mm contributors.
"""Apply all repairs of the host packages."""

from .checkpoint_hook import delete_after_writing
from .checkpoints import allow_history_buffers, read_downloads_safely
from .compilation import compile_parts_of_models
from .config_names import find_configs_by_name
from .config_settings import apply_settings_of_configs
from .config_text import format_texts_quickly
from .optional_models import bind_submodules, repair_models_at_import
from .pose_transforms import import_stats_late
from .process_group import use_gloo_without_gpu
from .resumed_state import follow_config_when_resuming
from .resuming import resume_from_newest_checkpoint
from .retrieval_recall import restore_in1d
from .weight_names import load_any_names
from .whole_files import write_local_files_whole


def repair_host(applied: dict[str, str]) -> None:
    """Apply the repairs that are needed.

    Those of ``mmaction.models`` follow when it is imported.

    Args:
        applied (dict[str, str]): Receives the reason of each repair that was
            needed, by its name.

    Example:
        >>> applied = {}
        >>> repair_host(applied)
        >>> 'compile' in applied
        True
    """
    for package in ('mmengine', 'mmcv', 'mmaction'):
        bind_submodules(package)  # an earlier import may have failed
    repair_models_at_import(applied)
    for name, repair in (
        ('history_buffer', allow_history_buffers),
        ('downloads', read_downloads_safely),
        ('weight_names', load_any_names),
        ('whole_files', write_local_files_whole),
        ('checkpoint_hook', delete_after_writing),
        ('resume', resume_from_newest_checkpoint),
        ('resumed_state', follow_config_when_resuming),
        ('pose_transforms', import_stats_late),
        ('in1d', restore_in1d),
        ('gloo', use_gloo_without_gpu),
        ('compile', compile_parts_of_models),
        ('settings', apply_settings_of_configs),
        ('config_names', find_configs_by_name),
        ('config_text', format_texts_quickly),
    ):
        reason = repair()
        if reason is not None:
            applied[name] = reason
