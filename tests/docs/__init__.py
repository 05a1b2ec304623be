# Copyright (c) clipbert_mm contributors.
"""Tests of the manual: code blocks, links, the file tree."""
