# Copyright (c) clipbert_mm contributors.
"""What the released host packages need before this package can use them.

The first import of a host package in a process that has imported
:mod:`clipbert_mm` checks the versions of all of them and then repairs what is
broken (:mod:`clipbert_mm.host.preparation`). Every repair has a name, does nothing where
the host is intact, and leaves any other error alone; :func:`applied_repairs`
tells which ones were needed.

================== =====================================================
name               what is broken without it
================== =====================================================
importlib_metadata ``import mmaction.models``: an undeclared dependency
drn                ``import mmaction.models``: DRN is not in the package
vindlu             ``import mmaction.models``: VindLU needs ``timm`` and
                   symbols that ``transformers`` has removed
history_buffer     test, resume and load_from on PyTorch >= 2.6
downloads          a load_from of an address runs the code of its file
in1d               RetrievalRecall on NumPy >= 2.4
gloo               several processes on machines without a GPU
compile            ``compile`` of a config, for ClipBERT
================== =====================================================
"""

from .preparation import prepare_host, prepare_host_on_import

__all__ = [
    'applied_repairs',
    'prepare_host',
    'prepare_host_on_import',
    'repair_host',
]

_applied: dict[str, str] = {}


def repair_host() -> dict[str, str]:
    """Apply the repairs; calling it again changes nothing.

    Returns:
        dict[str, str]: Name of each repair that was needed: its reason.

    Example:
        >>> repair_host() == applied_repairs()
        True
    """
    from .checkpoints import allow_history_buffers, read_downloads_safely
    from .compilation import compile_parts_of_models
    from .device import use_gloo_without_gpu
    from .optional_models import import_mmaction_models
    from .retrieval_recall import restore_in1d

    _applied.update(import_mmaction_models())
    for name, repair in (
        ('history_buffer', allow_history_buffers),
        ('downloads', read_downloads_safely),
        ('in1d', restore_in1d),
        ('gloo', use_gloo_without_gpu),
        ('compile', compile_parts_of_models),
    ):
        reason = repair()
        if reason is not None:
            _applied[name] = reason
    return dict(_applied)


def applied_repairs() -> dict[str, str]:
    """Return the repairs that this process needed; import the host first.

    Returns:
        dict[str, str]: Name of the repair: its reason.

    Example:
        >>> 'history_buffer' in applied_repairs()
        True
    """
    prepare_host()
    return dict(_applied)
