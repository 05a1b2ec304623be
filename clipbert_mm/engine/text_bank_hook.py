# Copyright (c) clipbert_mm contributors.
"""Hook that adds the texts of a retrieval test to its batches."""

from typing import Any

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from clipbert_mm.models.text_bank import TextBank


@HOOKS.register_module()
class TextBankHook(Hook):
    """Put the text bank of the tested dataset into every batch.

    In retrieval every video is scored against all captions. The dataset
    tokenises them once, and the hook hands them to the model as ``text_bank``
    of the batch, in the main process: they neither travel with every video
    nor stay in the model. Datasets without ``caption_bank`` are left alone.

    Example:
        >>> custom_hooks = [dict(type='TextBankHook')]
    """

    def before_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Add the bank of the validation dataset."""
        _add_texts(runner.val_dataloader.dataset, data_batch)

    def before_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Add the bank of the test dataset."""
        _add_texts(runner.test_dataloader.dataset, data_batch)


def _add_texts(dataset: Any, batch: dict) -> None:
    if hasattr(dataset, 'caption_bank'):
        batch['text_bank'] = TextBank.from_tokens(dataset.caption_bank())
