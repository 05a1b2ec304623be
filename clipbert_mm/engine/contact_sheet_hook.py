# Copyright (c) clipbert_mm contributors.
"""Hook that draws contact sheets of validations and tests."""

import os.path as osp
from collections.abc import Callable
from typing import Any

from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from clipbert_mm.datasets import VideoTextRetrieval
from clipbert_mm.utils.checks import check_integer
from clipbert_mm.utils.error_text import describe
from clipbert_mm.utils.processes import unwrap

from .sheet_drawer import SheetDrawer
from .sheet_scores import SheetScores, spread


@HOOKS.register_module()
class ContactSheetHook(Hook):
    """Draw contact sheets after a validation or a test.

    A sheet of a video has its clips, as the model is fed them, with the
    score that each clip alone gives, the truth and the prediction. In
    retrieval there are also sheets of texts, with the five best videos. The
    drawn items are spread evenly over the dataset. The main process reads
    their files, and runs the model on them, once more. A sheet that cannot be
    drawn is logged, and the run goes its way.

    MMAction2's ``VisualizationHook`` draws from batches, which a
    ``PairScoringLoop`` has not, and reads videos with decord alone.

    Args:
        out_dir (str | None): Folder of the images of a test; those of a
            validation go to a folder in it, named as a checkpoint of that
            moment, such as ``epoch_3``. Defaults to None: they go to the
            backends of the visualizer, with the epoch as step.
        num_sheets (int): Maximum number of sheets of each kind. Defaults to
            16.

    Raises:
        ValueError: If ``num_sheets`` is not positive.

    Example:
        >>> visualizer = dict(type='VideoTextVisualizer')
        >>> custom_hooks = [
        ...     dict(type='ContactSheetHook', out_dir='sheets')]
    """

    # Before EMAHook, which then takes the averaged weights away again.
    priority = 'ABOVE_NORMAL'

    def __init__(
        self, out_dir: str | None = None, num_sheets: int = 16
    ) -> None:
        check_integer('num_sheets', num_sheets, 1)
        self.out_dir = out_dir
        self.num_sheets = num_sheets
        self._scores: SheetScores | None = None

    def before_run(self, runner: Runner) -> None:
        """Check the visualizer, before the first epoch of a training.

        Args:
            runner (Runner): Runner of the training or test.

        Raises:
            ValueError: If its visualizer draws no contact sheets.
        """
        if not hasattr(runner.visualizer, 'add_ranking'):
            raise ValueError(
                "ContactSheetHook needs visualizer.type='VideoTextVisualizer' "
                f'in the config, but got {type(runner.visualizer).__name__}.'
            )

    def before_val_epoch(self, runner: Runner) -> None:
        """Choose what to draw."""
        self._choose(runner.val_loop.dataloader.dataset)

    def before_test_epoch(self, runner: Runner) -> None:
        """Choose what to draw."""
        self._choose(runner.test_loop.dataloader.dataset)

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        """Keep the scores of retrieval that are drawn."""
        self._keep(runner.val_loop.dataloader.dataset, outputs)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        """Keep the scores of retrieval that are drawn."""
        self._keep(runner.test_loop.dataloader.dataset, outputs)

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Draw the sheets."""
        # A training by iterations counts no epochs.
        unit, step = 'epoch', runner.epoch
        if not step:
            unit, step = 'iter', runner.iter
        self._finish(runner, runner.val_loop, f'{unit}_{step}', step)

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Draw the sheets."""
        self._finish(runner, runner.test_loop, '', 0)

    def _choose(self, dataset: Any) -> None:
        self._scores = None
        if isinstance(dataset, VideoTextRetrieval):
            self._scores = SheetScores(
                spread(len(dataset), self.num_sheets),
                spread(len(dataset.captions), self.num_sheets),
            )

    def _keep(self, dataset: Any, outputs: Any) -> None:
        if self._scores is not None:
            media_of_row = dataset.table.media_of_row
            for sample in outputs or ():
                video_ind = media_of_row[sample.own_text_inds[0]]
                self._scores.add(int(video_ind), sample.match_score)

    def _finish(
        self, runner: Runner, loop: Any, folder: str, step: int
    ) -> None:
        if self._scores is not None:
            self._scores.gather()
        if is_main_process():
            _try(runner, 'the run', self._draw, runner, loop, folder, step)

    def _draw(self, runner: Runner, loop: Any, folder: str, step: int) -> None:
        dataset, scores = loop.dataloader.dataset, self._scores
        out_dir = self.out_dir and osp.join(self.out_dir, folder)
        draw = SheetDrawer(
            unwrap(runner.model), dataset, runner.visualizer, out_dir, step
        )
        if scores is None:
            for index in spread(len(dataset), self.num_sheets):
                _try(runner, f'item {index}', draw.draw_item, index)
            return
        stored = getattr(loop, 'scores', None)
        if stored is not None:  # of a loop without iterations
            for video_ind in range(len(dataset)):
                scores.add(video_ind, stored.of_video(video_ind))
        for index in scores.video_inds:
            _try(runner, f'video {index}', draw.draw_video, index, scores)
        for index in scores.text_inds:
            _try(runner, f'text {index}', draw.draw_text, index, scores)


def _try(
    runner: Runner, name: str, draw: Callable[..., None], *arguments: Any
) -> None:
    """Draw, or log why something cannot be drawn."""
    try:
        draw(*arguments)
    except Exception as error:  # of any file and any backend
        runner.logger.warning(
            f'The sheet of {name} was not drawn: {describe(error)}'
        )
