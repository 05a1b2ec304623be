# Copyright (c) clipbert_mm contributors.
"""Scoring every text against every video, and what that costs."""
from .pair_scorer import PairScorer
from .text_batches import TextBatch, make_text_batches

__all__ = ['PairScorer', 'TextBatch', 'make_text_batches']
