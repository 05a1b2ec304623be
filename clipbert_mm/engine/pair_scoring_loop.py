# Copyright (c) clipbert_mm contributors.
"""Tests retrieval on every pair, resumably, or on the pairs that matter."""

import os.path as osp
import sys
from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmaction.registry import LOOPS
from mmaction.structures import ActionDataSample
from mmengine.dist import all_gather_object, get_dist_info, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner, TestLoop
from mmengine.utils import ProgressBar
from torch import Tensor
from torch.utils.data import DataLoader

from clipbert_mm.gallery.candidates import read_candidates
from clipbert_mm.gallery.cost import scoring_cost
from clipbert_mm.gallery.fingerprint import run_fingerprint, texts_digest
from clipbert_mm.gallery.merge import model_score
from clipbert_mm.gallery.plan import (
    Cascade,
    ClipSplit,
    most_passes,
    select_pairs,
    split_clips,
)
from clipbert_mm.gallery.run import (
    clip_shape,
    loader_of_rows,
    sampler_of,
    score_rows,
)
from clipbert_mm.gallery.score_pass import ScorePass
from clipbert_mm.gallery.store import ScoreStore
from clipbert_mm.models.pair_scorer import PairScorer
from clipbert_mm.models.text_bank import TextBank
from clipbert_mm.utils.processes import on_main


@LOOPS.register_module()
class PairScoringLoop(TestLoop):
    """MMEngine's ``TestLoop`` for retrieval whose scores survive a kill.

    Every finished video is kept in a folder, and a run that is started again
    scores only what is missing there, with any number of processes. The
    metrics are those of ``TestLoop``. MMEngine's loop keeps the scores in
    memory and begins anew, nor can it choose which clips to decode.

    With ``cascade`` the scores are approximate: see :class:`Cascade`, and
    :func:`combine_row` for how finished and unfinished pairs are ranked.

    Videos that cannot be read are treated as by ``TestLoop``, and tried again
    the next time. The hooks of iterations are not called, because an
    iteration has no predictions. Processes wait for the slowest one between
    passes: where that may take longer than the timeout of the process group,
    set ``env_cfg.dist_cfg.timeout``, in seconds.

    Args:
        runner (Runner): Of this test.
        dataloader (DataLoader | dict): Of a ``VideoTextRetrieval``.
        evaluator (Evaluator | dict | list): The metrics.
        store (str): Folder of the scores, below the runner's work folder
            unless it is absolute. All processes see the same. Defaults to
            ``'scores'``.
        autocast (str, optional): ``'bfloat16'`` or ``'float16'``. Defaults to
            None, full precision.
        cascade (dict, optional): Arguments of :class:`Cascade`. Defaults to
            None, exact scores.

    Raises:
        ValueError: If the data set is not for retrieval, an option is out of
            range, or the store holds scores of something else.

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
                'PairScoringLoop scores every text with every video: it needs '
                'a data set with a caption bank, as VideoTextRetrieval, but '
                f'got {type(self.dataset).__name__}. Use TestLoop.'
            )
        self.store = osp.join(runner.work_dir, store)
        self.autocast = autocast
        self.cascade = None if cascade is None else Cascade(**cascade)

    def run(self) -> dict:
        """Score what is missing, and compute the metrics.

        Returns:
            dict: The metrics.
        """
        self.runner.call_hook('before_test')
        self.runner.call_hook('before_test_epoch')
        self.runner.model.eval()
        model = self.runner.model
        self.model = model.module if is_model_wrapper(model) else model
        self.dataset.full_init()
        self._score_all()
        metrics = self.evaluator.evaluate(len(self.dataset))
        self.runner.call_hook('after_test_epoch', metrics=metrics)
        self.runner.call_hook('after_test')
        return metrics

    def _score_all(self) -> None:
        bank = TextBank.from_tokens(self.dataset.caption_bank())
        self.num_texts = len(bank)
        self.scorer = PairScorer(
            self.model, bank, self.model.token_budget, self.autocast
        )
        num_clips = sampler_of(self.dataset)[1].num_clips
        cascade = self.cascade
        clips = split_clips(
            num_clips, None if cascade is None else cascade.first_clips
        )
        texts, settings = None, dict(autocast=self.autocast)
        if cascade is not None and cascade.candidates is not None:
            texts = read_candidates(
                cascade.candidates,
                self.dataset.table.media,
                self.dataset.table.ids,
            )
            settings['candidates'] = texts_digest(t.tolist() for t in texts)
        fingerprint = on_main(
            lambda: dict(
                run_fingerprint(
                    self.model, self.runner.cfg.get('model', {}), self.dataset
                ),
                settings=settings,
            )
        )
        self._log_estimate(texts, clips)
        name = 'all' if texts is None else 'candidates'
        first = self._score(
            'first' if clips.rest else name, fingerprint, texts, clips.first
        )
        rest = self._score_rest(first, clips, fingerprint)
        self._log_passes((first, rest), clips)
        self._evaluate(first, rest, clips)

    def _score_rest(
        self, first: ScorePass, clips: ClipSplit, fingerprint: dict
    ) -> ScorePass | None:
        if not clips.rest or self.cascade is None:
            return None
        texts = on_main(lambda: self._select(first, clips))
        limits = dict(
            fingerprint['settings'],
            videos_per_text=self.cascade.videos_per_text,
            texts_per_video=self.cascade.texts_per_video,
        )
        rest = self._score(
            'rest', dict(fingerprint, settings=limits), texts, clips.rest
        )
        return rest._replace(
            unreadable={**first.unreadable, **rest.unreadable}
        )

    def _select(self, first: ScorePass, clips: ClipSplit) -> list[Tensor]:
        """Places of the texts whose other clips are scored, by video."""
        cascade = self.cascade
        assert cascade is not None  # an exact run has nothing to select
        score = model_score(self.model)
        scores = torch.stack(
            [
                first.combine(row, None, clips, self.num_texts, score)
                for row in range(len(self.dataset))
            ]
        )
        chosen = select_pairs(
            scores, cascade.videos_per_text, cascade.texts_per_video
        )
        return [row.nonzero()[:, 0] for row in chosen]

    def _score(
        self,
        name: str,
        fingerprint: dict,
        texts: list[Tensor] | None,
        clips: list[int],
    ) -> ScorePass:
        """Score the rows that the store lacks, shared among processes."""
        store = ScoreStore(
            osp.join(self.store, name), dict(fingerprint, clips=clips)
        )
        missing = on_main(lambda: self._open(store, texts))
        rank, world_size = get_dist_info()
        own = missing[rank::world_size]
        self.runner.logger.info(
            f"Pass '{name}': {len(self.dataset) - len(missing)} of "
            f'{len(self.dataset)} videos are in {store.folder}, '
            f'{len(missing)} to score.'
        )
        unreadable: dict[int, str] = {}
        if own:
            unreadable = score_rows(
                loader_of_rows(self.dataloader, own, clips),
                own,
                self.model.data_preprocessor,
                self.scorer,
                texts,
                store,
                self._progress(len(own)),
            )
        joined: dict[int, str] = {}
        for part in all_gather_object(unreadable):
            joined.update(part)
        return ScorePass(store, clips, texts, joined)

    def _open(
        self, store: ScoreStore, texts: list[Tensor] | None
    ) -> list[int]:
        """Rows to score: new ones, and those kept with other texts."""
        store.open()
        kept = store.rows()
        if texts is None:
            return [r for r in range(len(self.dataset)) if r not in kept]
        return [
            row
            for row, own in enumerate(texts)
            if len(own)
            and not (
                row in kept and torch.equal(store.read(row).text_inds, own)
            )
        ]

    def _progress(self, num_rows: int) -> Callable[[int, float | None], None]:
        if not is_main_process():
            return lambda size, left: None
        bar = ProgressBar(num_rows, file=sys.stdout)

        def update(size: int, left: float | None) -> None:
            bar.update(size)
            if bar.completed == num_rows:
                bar.file.write('\n')
            if left is not None:
                self.runner.logger.info(
                    f'About {left:,.0f} s left of this pass, at the rate of '
                    'the first videos.'
                )

        return update

    def _evaluate(
        self, first: ScorePass, rest: ScorePass | None, clips: ClipSplit
    ) -> None:
        """Hand every video to the metric, in the order it collects them."""
        rank, world_size = get_dist_info()
        num_videos = len(self.dataset)
        score = model_score(self.model)
        # As DefaultSampler: the first videos fill up the last round.
        for place in range(
            rank, -(-num_videos // world_size) * world_size, world_size
        ):
            row = place % num_videos
            sample = blank_sample(self.dataset, row)
            sample.set_field(
                first.combine(row, rest, clips, self.num_texts, score),
                'match_score',
            )
            reason = (rest or first).unreadable.get(row)
            if reason is not None:
                sample.set_field(reason, 'load_error')
            self.evaluator.process(data_samples=[sample], data_batch=None)

    def _log_estimate(
        self, texts: list[Tensor] | None, clips: ClipSplit
    ) -> None:
        """Tell what is ahead, in passes and operations."""
        if not is_main_process():
            return
        say, num_videos = self.runner.logger.info, len(self.dataset)
        shape = clip_shape(self.dataset, clips.first[0])
        if shape is not None:
            lengths = self.scorer.bank.lengths()
            cost = scoring_cost(
                self.model,
                lengths,
                num_videos,
                len(clips.first) + len(clips.rest),
                shape,
            )
            say(f'All pairs: {cost.describe()}.')
        if self.cascade is not None:
            most = most_passes(
                self.cascade,
                clips,
                self._num_pairs(texts),
                num_videos,
                self.num_texts,
            )
            say(f'Of these the cascade takes at most {most:,} passes.')

    def _num_pairs(self, texts: list[Tensor] | None) -> int:
        if texts is None:
            return len(self.dataset) * self.num_texts
        return sum(len(own) for own in texts)

    def _log_passes(
        self, parts: Sequence[ScorePass | None], clips: ClipSplit
    ) -> None:
        """Tell how many passes this took, whenever they were done."""
        num_clips = len(clips.first) + len(clips.rest)
        full = len(self.dataset) * self.num_texts * num_clips
        done = sum(
            self._num_pairs(part.texts) * len(part.clips)
            for part in parts
            if part is not None
        )
        kind = 'Exact' if self.cascade is None else 'Approximate (cascade)'
        self.runner.logger.info(
            f'{kind}: {done:,} of {full:,} passes of a text and a clip, '
            f'{full / max(done, 1):.1f} times fewer.'
        )


def blank_sample(dataset: Any, row: int) -> ActionDataSample:
    """The data sample of a video that is not decoded again.

    Args:
        dataset (VideoTextRetrieval): In test mode.
        row (int): The video.

    Returns:
        ActionDataSample: As its pipeline packs it.
    """
    blank = dict.fromkeys(
        ('imgs', 'input_ids', 'attention_mask'), torch.empty(0)
    )
    pack = dataset.pipeline.transforms[-1]
    return pack({**dataset.get_data_info(row), **blank})['data_samples']
