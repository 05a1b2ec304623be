# Copyright (c) clipbert_mm contributors.
"""Tests of the repairs of the host packages."""
