# Copyright (c) clipbert_mm contributors.
"""Converters from the dataset authors' files to our JSON lines."""
