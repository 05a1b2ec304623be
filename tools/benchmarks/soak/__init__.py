# Copyright (c) clipbert_mm contributors.
"""Hours of work, during which memory and handles must not grow."""
