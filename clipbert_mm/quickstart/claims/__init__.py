# Copyright (c) clipbert_mm contributors.
"""Measurement of the paper's claims at the size of the quickstart."""
