# Copyright (c) clipbert_mm contributors.
"""Error of annotation files."""


class AnnotationError(ValueError):
    """Annotation file that does not follow its format."""
