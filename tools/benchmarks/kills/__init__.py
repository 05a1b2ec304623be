# Copyright (c) clipbert_mm contributors.
"""Kill real processes at random moments, and compare what they bring about."""
