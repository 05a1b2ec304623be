# Copyright (c) clipbert_mm contributors.
"""Numbers of the original implementation, end to end."""
