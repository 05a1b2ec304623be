# Copyright (c) clipbert_mm contributors.
"""Repair the released host packages where this package cannot use them.

In a process that has imported :mod:`clipbert_mm`, the first import of a host
package checks the versions of all of them and then repairs what is broken
(:mod:`clipbert_mm.host.preparation`); ``mmaction.models`` is repaired when it
is imported. Every repair has a name, does nothing
where the host is intact, and leaves any other error alone;
:func:`applied_repairs` lists those that were needed.

================== =====================================================
name               what is broken without it
================== =====================================================
importlib_metadata ``import mmaction.models``: an undeclared dependency
drn                ``import mmaction.models``: DRN is not in the package
vindlu             ``import mmaction.models``: VindLU needs ``timm`` and
                   symbols that ``transformers`` has removed, and a second
adafactor          ``import mmengine.optim``: all models of transformers, where
                   peft is installed
pose_transforms    ``import mmaction.datasets``: ``scipy.stats``, an eighth of
                   the time of importing everything, for poses
history_buffer     test, resume and load_from on PyTorch >= 2.6
downloads          ``load_from`` of a URL runs the code of its file
whole_files        half a checkpoint, where writing it was interrupted
checkpoint_hook    no checkpoint at all, with ``max_keep_ckpts=1``; files
                   deleted that a resumed checkpoint names
resume             ``resume`` with a damaged ``last_checkpoint``
resumed_state      ``resume`` with more epochs or other batches; a checkpoint
                   whose ``meta.config`` is code
in1d               RetrievalRecall on NumPy >= 2.4
gloo               several processes on machines without a GPU
compile            ``compile`` of a config, for ClipBERT
settings           ``settings`` of a config, and ``num_workers=0``
config_names       ``clipbert_mm::<name>`` in ``_base_`` and MMEngine's hub
================== =====================================================
"""

from .preparation import applied_repairs, prepare_host, prepare_host_on_import

__all__ = ['applied_repairs', 'prepare_host', 'prepare_host_on_import']
