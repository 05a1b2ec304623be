# Copyright (c) clipbert_mm contributors.
"""Search of videos by text with a trained retrieval model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from clipbert_mm.datasets.transforms import BertTokenize
from clipbert_mm.models.text_bank import TextBank
from clipbert_mm.utils.checks import check_integer

from .model_loading import (
    build_model,
    build_test_pipeline,
    check_files,
    read_model_files,
    run_pipeline,
)


class VideoSearcher:
    """Scorer of texts against video files, as the test of a config computes.

    Every pair goes through the whole model (section "Downstream Tasks" of
    `ClipBERT <https://arxiv.org/abs/2102.06183>`_), with the test pipeline,
    the tokenizer and the number of clips of the config. A video is encoded
    once for all texts of a call. Several threads may share a searcher.

    Args:
        config (str | Config): Path of a retrieval config, name of a shipped
            one, or the config itself; without ``checkpoint``, a folder that
            ``tools/convert_weights.py export`` wrote.
        checkpoint (str | None): ``.pth`` or ``.safetensors`` file of a model
            trained with the config. Defaults to None.
        device (str | None): Device of the model. Defaults to None: a GPU if
            one is available.

    Raises:
        FileNotFoundError: If the config or the checkpoint does not exist.
        ValueError: If the config is not one of retrieval, or the checkpoint
            has another architecture.
        RuntimeError: If the checkpoint is of another task.

    Example:
        >>> searcher = VideoSearcher('clipbert_msrvtt_ret',
        ...                          'best.pth')  # doctest: +SKIP
        >>> searcher.rank(['a.mp4', 'b.mp4'],
        ...               'a dog runs')  # doctest: +SKIP
        [('b.mp4', 0.93), ('a.mp4', 0.02)]
    """

    def __init__(
        self,
        config: str | Config,
        checkpoint: str | None = None,
        device: str | None = None,
    ) -> None:
        cfg, state = read_model_files(config, checkpoint)
        dataset = cfg.test_dataloader.dataset
        if dataset.get('tokenize') is None:
            raise ValueError(
                'Searching needs the `tokenize` of a retrieval config in '
                'test_dataloader.dataset, but the dataset '
                f'{dataset.type!r} has none.'
            )
        options = {k: v for k, v in dataset.tokenize.items() if k != 'type'}
        self._tokenize = BertTokenize(**options).tokenize
        self._pipeline = build_test_pipeline(cfg)
        self._model = build_model(cfg, state, device)

    def score(
        self,
        videos: Sequence[str],
        queries: Sequence[str],
        batch_size: int = 8,
    ) -> np.ndarray:
        """Return the match scores of all texts with all videos.

        Args:
            videos (Sequence[str]): N video files.
            queries (Sequence[str]): M texts.
            batch_size (int): Number of videos at a time. Defaults to 8.

        Returns:
            np.ndarray: float32 ``(M, N)`` in [0, 1]; higher is better.

        Raises:
            FileNotFoundError: If a video does not exist.
            ValueError: If there is nothing to score, or a query is empty.
            RuntimeError: If a video cannot be read.
        """
        check_integer('batch_size', batch_size, 1)
        check_search(videos, queries)
        bank = TextBank.from_tokens(self._tokenize(queries))
        columns: list[np.ndarray] = []
        for start in range(0, len(videos), batch_size):
            items = [self._load(v) for v in videos[start : start + batch_size]]
            with torch.no_grad():
                samples = self._model.test_step(
                    dict(pseudo_collate(items), text_bank=bank)
                )
            columns += [s.match_score.float().cpu().numpy() for s in samples]
        return np.stack(columns, 1)

    def rank(
        self, videos: Sequence[str], query: str, top: int | None = None
    ) -> list[tuple[str, float]]:
        """Return the videos that match a text, best first.

        Args:
            videos (Sequence[str]): Video files.
            query (str): Text to search for.
            top (int | None): Maximum number of videos. Defaults to None: all.

        Returns:
            list[tuple[str, float]]: Videos with their scores. Equal scores
            keep the order of ``videos``.

        Raises:
            FileNotFoundError: If a video does not exist.
            ValueError: If there are no videos, the query is empty, or
                ``top`` is not positive.
        """
        if top is not None:
            check_integer('top', top, 1)
        scores = self.score(videos, [query])[0]
        order = np.argsort(-scores, kind='stable')[:top]
        return [(videos[i], float(scores[i])) for i in order]

    def _load(self, video: str) -> dict[str, Any]:
        """Run the test pipeline on one file."""
        return run_pipeline(
            self._pipeline, video, dict(own_text_inds=[], own_text_ids=[])
        )


def check_search(videos: Sequence[str], queries: Sequence[str]) -> None:
    """Raise unless there are videos and texts to search.

    Args:
        videos (Sequence[str]): Video files.
        queries (Sequence[str]): Texts.

    Raises:
        FileNotFoundError: If a video does not exist.
        ValueError: If there are none, or a text is empty.

    Example:
        >>> check_search([], ['a dog'])
        Traceback (most recent call last):
        ValueError: There must be videos and queries, but got 0 and 1.
    """
    for name, values in dict(videos=videos, queries=queries).items():
        if isinstance(values, str):
            raise ValueError(
                f'{name} must be a list of strings, but got the string '
                f'{values!r}. Put it in brackets.'
            )
    if not videos or not queries:
        raise ValueError(
            'There must be videos and queries, but got '
            f'{len(videos)} and {len(queries)}.'
        )
    empty = [i for i, query in enumerate(queries) if not query.strip()]
    if empty:
        raise ValueError(
            f'Queries must not be empty, but those at {empty} are.'
        )
    check_files(videos)
