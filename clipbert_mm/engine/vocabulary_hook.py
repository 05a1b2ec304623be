# Copyright (c) clipbert_mm contributors.
"""Make sure that data and model mean the same answers."""

from typing import Any

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from clipbert_mm.models.tasks.vocabulary_task import VocabularyTask


@HOOKS.register_module()
class VocabularyHook(Hook):
    """Compare the answers of the data sets with those of the task.

    A config names the vocabulary several times, for each data set and for the
    task. Two files of one size would train without an error, and the model
    would then tell wrong answers.

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
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        task = getattr(model, 'task', None)
        if not isinstance(task, VocabularyTask):
            return
        for part in getattr(dataset, 'datasets', [dataset]):
            part.full_init()
            answers = part.vocabulary
            if answers is not None and list(answers) != task.answers:
                raise ValueError(
                    f'The data set of {part.ann_file!r} has other answers '
                    f'({len(answers)}) than task.vocabulary '
                    f'({len(task.answers)}). Give both the same file: '
                    'vocabulary of the data set is below its data_root, that '
                    'of the task is not.'
                )
