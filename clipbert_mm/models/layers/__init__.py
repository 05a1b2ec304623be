# Copyright (c) clipbert_mm contributors.
"""Layers that backbones, necks, heads and tasks are built from."""
