# Copyright (c) clipbert_mm contributors.
"""Argument checks, configuration files, processes and checkpoint files."""
