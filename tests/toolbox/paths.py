# Copyright (c) clipbert_mm contributors.
"""Folders of the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / 'tools'
