# Copyright (c) clipbert_mm contributors.
"""Extensions of MMEngine: sampler, optimiser groups, schedule, hooks, loop."""

from .bad_media_hook import BadMediaHook
from .clipbert_optim_wrapper_constructor import ClipBERTOptimWrapperConstructor
from .epoch_sampler import EpochSampler
from .pair_scoring_loop import PairScoringLoop
from .seed_iteration_hook import SeedIterationHook
from .text_bank_hook import TextBankHook
from .vocabulary_hook import VocabularyHook
from .warmup_linear_lr import WarmupLinearLR

__all__ = [
    'BadMediaHook',
    'ClipBERTOptimWrapperConstructor',
    'EpochSampler',
    'PairScoringLoop',
    'SeedIterationHook',
    'TextBankHook',
    'VocabularyHook',
    'WarmupLinearLR',
]
