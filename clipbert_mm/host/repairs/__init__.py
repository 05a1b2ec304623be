# Copyright (c) clipbert_mm contributors.
"""Named repairs of the released host packages, one kind per module."""

# A repair imports the host, whose first import needs all repairs. It comes
# first here, so that any module of this folder can be imported on its own.
import mmengine  # noqa: F401
