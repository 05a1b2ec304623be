# Copyright (c) clipbert_mm contributors.
"""Error of a library of videos."""


class LibraryError(ValueError):
    """Index that is missing, damaged, or of another model."""
