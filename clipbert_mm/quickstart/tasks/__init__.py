# Copyright (c) clipbert_mm contributors.
"""The quickstart's tasks."""
