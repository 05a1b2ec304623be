# Copyright (c) clipbert_mm contributors.
"""Entry points that run from a checkout."""
