# Copyright (c) clipbert_mm contributors.
"""Hands the captions of the test set to the model, once."""

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch.utils.data import DataLoader


@HOOKS.register_module()
class CaptionBankHook(Hook):
    """Give the model the caption bank of the dataset that it is scored on.

    In retrieval every video is scored against all captions. They are
    tokenised once and live in the model, instead of travelling with every
    video. Datasets without ``caption_bank`` are left alone.

    Example:
        >>> custom_hooks = [dict(type='CaptionBankHook')]
    """

    def before_val_epoch(self, runner: Runner) -> None:
        """Before validation."""
        self._hand_over(runner, runner.val_dataloader)

    def before_test_epoch(self, runner: Runner) -> None:
        """Before testing."""
        self._hand_over(runner, runner.test_dataloader)

    @staticmethod
    def _hand_over(runner: Runner, dataloader: DataLoader) -> None:
        dataset = dataloader.dataset
        model = runner.model
        if is_model_wrapper(model):
            model = model.module
        if hasattr(dataset, 'caption_bank'):
            model.set_caption_bank(dataset.caption_bank())
