# Copyright (c) clipbert_mm contributors.
"""Video readers, one for each decoding library."""
