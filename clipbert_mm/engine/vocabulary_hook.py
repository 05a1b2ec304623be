# Copyright (c) clipbert_mm contributors.
"""Hook that compares the answers of datasets and task."""

from typing import Any

from mmaction.registry import HOOKS
from mmengine.hooks import Hook

from clipbert_mm.utils.processes import unwrap


@HOOKS.register_module()
class VocabularyHook(Hook):
    """Compare the answers of the datasets with those of the task.

    A config names the vocabulary several times, for each dataset and for the
    task. With two files of one size training would run without an error, and
    the model would silently return wrong answers. Tasks without answers are
    left alone.

    Raises:
        ValueError: If they differ.

    Example:
        >>> custom_hooks = [dict(type='VocabularyHook')]
    """

    def before_train(self, runner: Any) -> None:
        """Check the training set."""
        self._check(runner, runner.train_dataloader.dataset)

    def before_val(self, runner: Any) -> None:
        """Check the validation set."""
        self._check(runner, runner.val_dataloader.dataset)

    def before_test(self, runner: Any) -> None:
        """Check the test set."""
        self._check(runner, runner.test_dataloader.dataset)

    def _check(self, runner: Any, dataset: Any) -> None:
        task = getattr(unwrap(runner.model), 'task', None)
        own = getattr(task, 'answers', None)
        if own is None:
            return
        for part in getattr(dataset, 'datasets', [dataset]):
            part.full_init()
            answers = part.vocabulary
            if answers is not None and list(answers) != own:
                raise ValueError(
                    f'The dataset of {part.ann_file!r} has other answers '
                    f'({len(answers)}) than task.vocabulary ({len(own)}). '
                    'Give both the same file: vocabulary of the dataset is '
                    'relative to its data_root, that of the task is not.'
                )
