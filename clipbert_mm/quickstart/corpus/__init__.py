# Copyright (c) clipbert_mm contributors.
"""Generated videos and images with captions and questions."""
