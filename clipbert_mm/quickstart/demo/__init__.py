# Copyright (c) clipbert_mm contributors.
"""The models and videos that come with the package, made by the quickstart."""
