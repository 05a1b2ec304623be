# Copyright (c) clipbert_mm contributors.
"""Media files: finding, opening, reading and re-encoding them."""
