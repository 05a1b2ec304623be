# Copyright (c) clipbert_mm contributors.
"""Outcomes of reading intact, damaged and disguised media files."""
