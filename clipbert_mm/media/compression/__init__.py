# Copyright (c) clipbert_mm contributors.
"""Re-encode videos for fast access to sparse frames."""
