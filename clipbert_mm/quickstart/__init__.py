# Copyright (c) clipbert_mm contributors.
"""Small models that are trained and tested on generated videos."""
