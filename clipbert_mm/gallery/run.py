# Copyright (c) clipbert_mm contributors.
"""A run over a test set: decode clips, score texts, keep what is finished."""

import os.path as osp
from collections.abc import Callable
from typing import Any, Protocol, cast

from mmengine.dist import all_gather_object, get_dist_info
from torch import Tensor
from torch.utils.data import DataLoader

from clipbert_mm.models.pair_scorer import PairMatcher, PairScorer
from clipbert_mm.models.text_bank import TextBank
from clipbert_mm.utils.processes import lock_by_main, on_main

from .candidates import read_candidates
from .fingerprint import run_fingerprint, strings_digest
from .merge import MatchScorer, model_score
from .passes import GalleryScores, ScorePass
from .plan import (
    Cascade,
    count_pairs,
    max_passes,
    select_pairs,
    split_clips,
)
from .progress import PassProgress
from .report import describe_cost, describe_passes
from .scoring import score_videos
from .store import ScoreStore
from .store_file import RowShape
from .videos import find_sampler, loader_of_videos


class GalleryModel(PairMatcher, MatchScorer, Protocol):
    """A matcher whose scores a :class:`GalleryRun` can collect."""

    token_budget: int
    data_preprocessor: Callable[..., dict]

    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights, which identify the scores."""


class GalleryRun:
    """Scores of all pairs of a test set, kept in a folder.

    Every finished video is kept on disk. A run that is started again scores
    only what is missing, with any number of processes; all of them call
    :meth:`score`.

    Args:
        model (GalleryModel): Model in evaluation mode, such as
            :class:`ClipBERT`.
        dataloader (DataLoader): Loader of a ``VideoTextRetrieval`` in test
            mode.
        folder (str): Folder of the scores, the same for all processes.
        model_cfg (dict): Config of the model, for the fingerprint.
        cascade (Cascade | None): Settings of an approximate run. Defaults to
            None, exact scores.
        autocast (str | None): ``'bfloat16'`` or ``'float16'``. Defaults to
            None, full precision.
        log (Callable[[str], None]): Function that logs a line. Defaults to one
            that does nothing.

    Raises:
        ValueError: If an option is out of range.
    """

    def __init__(
        self,
        model: GalleryModel,
        dataloader: DataLoader,
        folder: str,
        *,
        model_cfg: dict,
        cascade: Cascade | None = None,
        autocast: str | None = None,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.model = model
        self.dataloader = dataloader
        self.dataset = cast(Any, dataloader.dataset)
        self.folder = folder
        self.model_cfg = model_cfg
        self.cascade = cascade
        self.log = log
        bank = TextBank.from_tokens(self.dataset.caption_bank())
        self.scorer = PairScorer(model, bank, model.token_budget, autocast)
        self.clips = split_clips(
            find_sampler(self.dataset)[1].num_clips,
            None if cascade is None else cascade.first_clips,
        )

    def score(self) -> GalleryScores:
        """Score what is missing in the folder.

        Returns:
            GalleryScores: Scores of all videos with all texts.

        Raises:
            ValueError: If the folder holds scores of another run.
            FolderInUseError: If another run is writing to it.
        """
        with lock_by_main(self.folder, 'name another store'):
            return self._score()

    def _score(self) -> GalleryScores:
        text_inds = self._candidates()
        fingerprint = on_main(lambda: self._fingerprint(text_inds))
        self._log_estimate(text_inds)
        name = 'all' if text_inds is None else 'candidates'
        if self.clips.rest:
            name = 'first'
        scores = GalleryScores(
            self._pass(name, fingerprint, text_inds, self.clips.first),
            None,
            self.clips,
            len(self.dataset),
            len(self.scorer.bank),
            model_score(self.model),
        )
        if self.clips.rest and self.cascade is not None:
            scores = scores._replace(
                rest=self._second_pass(scores, self.cascade, fingerprint)
            )
        self.log(describe_passes(scores, exact=self.cascade is None))
        return scores

    def _log_estimate(self, text_inds: list[Tensor] | None) -> None:
        num_videos, num_texts = len(self.dataset), len(self.scorer.bank)
        cost = on_main(
            lambda: describe_cost(
                self.model, self.dataset, self.scorer.bank, self.clips
            )
        )
        if cost is not None:
            self.log(cost)
        if self.cascade is not None:
            most = max_passes(
                self.cascade,
                self.clips,
                count_pairs(text_inds, num_videos, num_texts),
                num_videos,
                num_texts,
            )
            self.log(f'The cascade takes at most {most:,} of these passes.')

    def _candidates(self) -> list[Tensor] | None:
        if self.cascade is None or self.cascade.candidates is None:
            return None
        table = self.dataset.table
        return read_candidates(self.cascade.candidates, table.media, table.ids)

    def _fingerprint(self, text_inds: list[Tensor] | None) -> dict:
        settings = dict(autocast=self.scorer.autocast)
        if text_inds is not None:
            settings['candidates'] = strings_digest(
                inds.tolist() for inds in text_inds
            )
        return dict(
            run_fingerprint(
                self.model.state_dict(), self.model_cfg, self.dataset
            ),
            settings=settings,
        )

    def _second_pass(
        self, scores: GalleryScores, cascade: Cascade, fingerprint: dict
    ) -> ScorePass:
        """Score the other clips of the best pairs."""

        def select() -> list[Tensor]:
            chosen = select_pairs(
                scores.matrix(),
                cascade.videos_per_text,
                cascade.texts_per_video,
            )
            return [video.nonzero()[:, 0] for video in chosen]

        settings = dict(
            fingerprint['settings'],
            videos_per_text=cascade.videos_per_text,
            texts_per_video=cascade.texts_per_video,
        )
        return self._pass(
            'rest',
            dict(fingerprint, settings=settings),
            on_main(select),
            self.clips.rest,
        )

    def _pass(
        self,
        name: str,
        fingerprint: dict,
        text_inds: list[Tensor] | None,
        clip_inds: list[int],
    ) -> ScorePass:
        """Score the videos that a store lacks, shared among processes."""
        num_videos = len(self.dataset)
        store = ScoreStore(
            osp.join(self.folder, name),
            dict(fingerprint, clips=clip_inds),
            RowShape(
                len(self.scorer.bank), len(clip_inds), self.model.num_classes
            ),
        )

        def find_missing() -> list[int]:
            store.open()
            return store.missing(num_videos, text_inds)

        missing = on_main(find_missing)
        self.log(
            f"Pass '{name}': {num_videos - len(missing)} of {num_videos} "
            f'videos are in {store.folder}, {len(missing)} to score.'
        )
        rank, world_size = get_dist_info()
        own = missing[rank::world_size]
        unreadable = {}
        if own:
            unreadable = score_videos(
                loader_of_videos(self.dataloader, own, clip_inds),
                own,
                self.model.data_preprocessor,
                self.scorer,
                text_inds,
                store,
                PassProgress(len(own), self.log),
            )
        joined: dict[int, str] = {}
        for part in all_gather_object(unreadable):
            joined.update(part)
        return ScorePass(store, clip_inds, text_inds, joined)
