# Copyright (c) clipbert_mm contributors.
"""Recall and rank of text-to-video and video-to-text retrieval."""

from collections.abc import Sequence

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger

from clipbert_mm.utils.checks import check_choice
from clipbert_mm.utils.whole_files import whole_file

from .bad_videos import bad_video_error, check_out_file
from .ranks import (
    summarise_ranks,
    text_to_video_ranks,
    video_to_text_ranks,
)

BAD_VIDEOS = ('raise', 'last')


@METRICS.register_module()
class VideoTextRetrievalMetric(BaseMetric):
    """Text-to-video and video-to-text retrieval over all pairs.

    R@1, R@5, R@10 (percent), median and mean rank, as in the tables of
    `ClipBERT <https://arxiv.org/abs/2102.06183>`_. Ranks use unrounded scores,
    and an equal score counts as a better one: a model with constant scores
    gets 0. MMAction2's ``RetrievalMetric`` is for dual encoders, and ties
    inflate it.

    Args:
        bad_videos (str): Treatment of unreadable videos: ``'raise'`` an error
            that lists them, or rank them ``'last'`` and report
            ``num_bad_videos``. Defaults to ``'raise'``.
        out_file (str | None): ``.npz`` file for all scores: ``scores`` of
            texts and videos ``(M, N)``, ``video_ids``, ``text_ids``. Defaults
            to None.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to ``'cpu'``.

    Raises:
        ValueError: If ``bad_videos`` is unknown, or ``out_file`` does not
            end in ``.npz``.

    Example:
        >>> val_evaluator = dict(type='VideoTextRetrievalMetric')
    """

    out_suffix = '.npz'

    def __init__(
        self,
        bad_videos: str = 'raise',
        out_file: str | None = None,
        collect_device: str = 'cpu',
    ) -> None:
        super().__init__(collect_device)
        check_choice('bad_videos', bad_videos, BAD_VIDEOS)
        check_out_file(out_file, self.out_suffix)
        self.bad_videos = bad_videos
        self.out_file = out_file

    def process(
        self, data_batch: dict | None, data_samples: Sequence[dict]
    ) -> None:
        """Store the scores of each video.

        Args:
            data_batch (dict | None): Not used.
            data_samples (Sequence[dict]): Data samples with ``match_score``
                ``(M,)``, ``own_text_inds``, ``own_text_ids``, ``video_id``,
                and ``load_error`` if the video is unreadable.
        """
        for sample in data_samples:
            self.results.append(
                dict(
                    scores=sample['match_score'].float().cpu().numpy(),
                    video_id=sample['video_id'],
                    own_text_inds=list(sample['own_text_inds']),
                    own_text_ids=list(sample['own_text_ids']),
                    load_error=sample.get('load_error'),
                )
            )

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Rank videos by text and texts by video.

        Args:
            results (list[dict]): One entry per video.

        Returns:
            dict[str, float]: ``t2v/R1``, ..., ``v2t/MnR``.

        Raises:
            RuntimeError: If videos are unreadable and ``bad_videos`` is
                ``'raise'``.
            ValueError: If a score is NaN, or a text has no video.
        """
        bad = [r for r in results if r['load_error'] is not None]
        if bad and self.bad_videos == 'raise':
            raise bad_video_error(
                {r['video_id']: r['load_error'] for r in bad},
                len(results),
                "set bad_videos='last' of VideoTextRetrievalMetric to rank "
                'them last',
            )
        scores = np.stack([r['scores'] for r in results], 1)
        own_video, text_ids = owners(results, len(scores))
        if np.isnan(scores).any():
            raise ValueError(
                'Match scores are not numbers (NaN) for '
                f'{int(np.isnan(scores).any(0).sum())} of {len(results)} '
                'videos. Training may have diverged: test an earlier '
                'checkpoint.'
            )
        metrics = {
            f'{way}/{name}': value
            for way, ranks in (
                ('t2v', text_to_video_ranks),
                ('v2t', video_to_text_ranks),
            )
            for name, value in summarise_ranks(
                ranks(scores, own_video)
            ).items()
        }
        if self.bad_videos == 'last':
            metrics['num_bad_videos'] = float(len(bad))
        if self.out_file is not None:
            with (
                whole_file(self.out_file) as partial,
                open(partial, 'wb') as file,
            ):
                np.savez_compressed(
                    file,
                    scores=scores,
                    video_ids=np.array([r['video_id'] for r in results]),
                    text_ids=text_ids,
                )
            MMLogger.get_current_instance().info(
                f'Saved the {scores.shape} score matrix (texts, videos) to '
                f'{self.out_file}'
            )
        return metrics


def owners(
    results: list[dict], num_texts: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the video that every text belongs to, and the text ids.

    Args:
        results (list[dict]): One entry per video.
        num_texts (int): Number of texts, M.

    Returns:
        tuple[np.ndarray, np.ndarray]: Column of each text's video ``(M,)``,
        and the text ids ``(M,)``.

    Raises:
        ValueError: If a text has no video.
    """
    own_video = np.full(num_texts, -1)
    text_ids = np.empty(num_texts, object)
    for column, result in enumerate(results):
        own_video[result['own_text_inds']] = column
        text_ids[result['own_text_inds']] = result['own_text_ids']
    if (own_video < 0).any():
        raise ValueError(
            f'{int((own_video < 0).sum())} of {num_texts} texts belong to no '
            'video that was scored, the first at index '
            f'{int(np.argmin(own_video))} of the caption bank. Score all '
            'videos of the annotation file.'
        )
    return own_video, text_ids.astype(str)
