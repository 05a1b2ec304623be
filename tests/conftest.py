# Copyright (c) clipbert_mm contributors.
"""Repairs the host packages before any test module imports them."""
import clipbert_mm  # noqa: F401
