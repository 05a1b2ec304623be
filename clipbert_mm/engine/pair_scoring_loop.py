# Copyright (c) clipbert_mm contributors.
"""Loop that tests retrieval on every pair, resumably, or on the best pairs."""

import os.path as osp
from typing import Any, cast

from mmaction.registry import LOOPS
from mmengine.evaluator import Evaluator
from mmengine.runner import Runner, TestLoop
from torch.utils.data import DataLoader

from clipbert_mm.gallery.passes import GalleryScores
from clipbert_mm.gallery.plan import Cascade
from clipbert_mm.gallery.run import GalleryRun
from clipbert_mm.gallery.videos import blank_sample, video_inds_of_process
from clipbert_mm.utils.processes import unwrap


@LOOPS.register_module()
class PairScoringLoop(TestLoop):
    """MMEngine's ``TestLoop`` for retrieval whose scores survive a kill.

    Every finished video is kept in a folder. A run that is started again
    scores only what is missing there, with any number of processes. The
    metrics are those of ``TestLoop``, which keeps the scores in memory and
    decodes all clips of every video.

    With ``cascade`` the scores are approximate: see :class:`Cascade`, and
    :func:`merge_passes` for how finished and unfinished pairs are ranked.

    Unreadable videos are treated as by ``TestLoop``, and tried again the next
    time. The hooks of iterations are not called, because an iteration has no
    predictions. Processes wait for the slowest one between passes: where that
    may take longer than the timeout of the process group, set
    ``env_cfg.dist_cfg.timeout``, in seconds.

    Args:
        runner (Runner): Runner of this test.
        dataloader (DataLoader | dict): Loader of a ``VideoTextRetrieval``.
        evaluator (Evaluator | dict | list): Metrics.
        store (str): Folder of the scores, relative to the runner's work
            folder, the same for all processes. Defaults to ``'scores'``.
        autocast (str | None): ``'bfloat16'`` or ``'float16'``. Defaults to
            None, full precision.
        cascade (dict | None): Arguments of :class:`Cascade`. Defaults to None,
            exact scores.

    Raises:
        ValueError: If the dataset is not for retrieval, an option is out of
            range, or the store holds scores of another run.

    Example:
        >>> test_cfg = dict(
        ...     type='PairScoringLoop', cascade=dict(first_clips=2))
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        evaluator: Evaluator | dict | list,
        store: str = 'scores',
        autocast: str | None = None,
        cascade: dict | None = None,
    ) -> None:
        super().__init__(runner, dataloader, evaluator)
        self.dataset: Any = self.dataloader.dataset
        if not hasattr(self.dataset, 'caption_bank'):
            raise ValueError(
                'PairScoringLoop scores every text with every video and needs '
                'a dataset with captions, such as VideoTextRetrieval, but got '
                f'{type(self.dataset).__name__}. Use TestLoop.'
            )
        self.store = osp.join(runner.work_dir, store)
        self.autocast = autocast
        self.cascade = None if cascade is None else Cascade(**cascade)
        self.scores: GalleryScores | None = None  # of the last run

    def run(self) -> dict:
        """Score what is missing, and compute the metrics.

        Returns:
            dict: Metrics by name.
        """
        self.runner.call_hook('before_test')
        self.runner.call_hook('before_test_epoch')
        self.runner.model.eval()
        self.dataset.full_init()
        self.scores = self._gallery_run().score()
        self._evaluate(self.scores)
        metrics = self.evaluator.evaluate(len(self.dataset))
        self.runner.call_hook('after_test_epoch', metrics=metrics)
        self.runner.call_hook('after_test')
        return metrics

    def _gallery_run(self) -> GalleryRun:
        return GalleryRun(
            cast(Any, unwrap(self.runner.model)),
            self.dataloader,
            self.store,
            model_cfg=self.runner.cfg.get('model', {}),
            cascade=self.cascade,
            autocast=self.autocast,
            log=self.runner.logger.info,
        )

    def _evaluate(self, scores: GalleryScores) -> None:
        """Hand every video to the metrics, in the order they collect them."""
        for video_ind in video_inds_of_process(len(self.dataset)):
            sample = blank_sample(self.dataset, video_ind)
            sample.set_field(scores.of_video(video_ind), 'match_score')
            reason = scores.unreadable.get(video_ind)
            if reason is not None:
                sample.set_field(reason, 'load_error')
            self.evaluator.process(data_samples=[sample], data_batch=None)
