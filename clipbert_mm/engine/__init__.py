# Copyright (c) clipbert_mm contributors.
"""Extensions of MMEngine: sampler, optimiser groups, schedule, hooks, loop."""

from .bad_media_hook import BadMediaHook
from .clipbert_optim_wrapper_constructor import ClipBERTOptimWrapperConstructor
from .contact_sheet_hook import ContactSheetHook
from .epoch_sampler import EpochSampler
from .finite_hook import FiniteHook
from .pair_scoring_loop import PairScoringLoop
from .rank_watch_hook import RankWatchHook
from .seed_iteration_hook import SeedIterationHook
from .text_bank_hook import TextBankHook
from .text_limits_hook import TextLimitsHook
from .vocabulary_hook import VocabularyHook
from .warmup_linear_lr import WarmupLinearLR

__all__ = [
    'BadMediaHook',
    'ClipBERTOptimWrapperConstructor',
    'ContactSheetHook',
    'EpochSampler',
    'FiniteHook',
    'PairScoringLoop',
    'RankWatchHook',
    'SeedIterationHook',
    'TextBankHook',
    'TextLimitsHook',
    'VocabularyHook',
    'WarmupLinearLR',
]
