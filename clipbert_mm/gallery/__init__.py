# Copyright (c) clipbert_mm contributors.
"""Scoring all pairs of a test set, resumable and optionally in a cascade."""
