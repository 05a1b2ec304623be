# Copyright (c) clipbert_mm contributors.
"""Errors of resuming a run, or of starting over one."""


class NotResumableError(ValueError):
    """File that no run can resume from."""


class ExistingCheckpointsError(FileExistsError):
    """Folder with checkpoints that a run from scratch would overwrite."""
