# Copyright (c) clipbert_mm contributors.
"""Annotation files: captions, questions and answer vocabularies."""
