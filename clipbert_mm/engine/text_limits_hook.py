# Copyright (c) clipbert_mm contributors.
"""Hook that compares the tokenizers of datasets with the model."""

from typing import Any

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop

from clipbert_mm.models.text_limits import check_text_limits
from clipbert_mm.utils.processes import unwrap


@HOOKS.register_module()
class TextLimitsHook(Hook):
    """Compare ``max_txt_len`` and vocabulary of every dataset with BERT.

    Without it a text longer than BERT ends a run when it comes, which may be
    in the last epoch. The datasets of training, validation and test are
    checked before a run begins. Models without BERT are left alone.

    Raises:
        ValueError: If a text may be longer than BERT, or the vocabularies
            have different sizes.

    Example:
        >>> custom_hooks = [dict(type='TextLimitsHook')]
    """

    def before_run(self, runner: Any) -> None:
        """Check the datasets of all loops."""
        head = getattr(unwrap(runner.model), 'head', None)
        config = getattr(head, 'config', None)
        if not hasattr(config, 'max_position_embeddings'):
            return
        for split in ('train', 'val', 'test'):
            loop = getattr(runner, f'_{split}_loop', None)
            if not isinstance(loop, BaseLoop):  # not built: not used
                continue
            dataset: Any = loop.dataloader.dataset
            for member in getattr(dataset, 'datasets', [dataset]):
                for step in getattr(member, 'bert_tokenizers', list)():
                    check_text_limits(
                        config,
                        step.max_txt_len,
                        len(step.tokenizer),
                        f'{split}_dataloader',
                    )
