# Copyright (c) clipbert_mm contributors.
"""Compact tables of texts and media, shared by data loader workers."""
