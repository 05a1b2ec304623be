# Copyright (c) clipbert_mm contributors.
"""Tiny models, media, corpora and reference data that the tests share."""
