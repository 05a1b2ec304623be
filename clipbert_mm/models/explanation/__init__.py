# Copyright (c) clipbert_mm contributors.
"""Relevance of the tokens of a pair to its logit."""
