# Copyright (c) clipbert_mm contributors.
"""The quickstart: a generated corpus and the models trained on it."""
