# Copyright (c) clipbert_mm contributors.
"""Reranker of LanceDB: rows about videos, in the order of a model's scores."""

import os
import os.path as osp
from typing import Any

import pyarrow as pa
from lancedb.rerankers import Reranker

from .video_library import VideoLibrary

_SCORE = '_relevance_score'


class ClipBERTReranker(Reranker):
    """Order of the rows of any LanceDB table by the scores of their videos.

    It takes the results of searches by vectors, by words or by both. Nothing
    is decoded: the grids are those of the library. Rows whose video is not
    in the library, or unreadable, have no score and come last.

    Args:
        library (VideoLibrary): Library with the videos.
        column (str): Column that names the video: its number in the library
            or its path. Defaults to ``'video'``, as in the tables of an
            index.
        return_score (str): ``'relevance'``, or ``'all'``, which keeps the
            columns of the searches. Defaults to ``'relevance'``.

    Raises:
        ValueError: If ``return_score`` is another word.

    Example:
        >>> reranker = ClipBERTReranker(
        ...     VideoLibrary('index'))  # doctest: +SKIP
        >>> table.search(vector).rerank(
        ...     reranker, query_string='a dog').to_list()  # doctest: +SKIP
    """

    def __init__(
        self,
        library: VideoLibrary,
        column: str = 'video',
        return_score: str = 'relevance',
    ) -> None:
        super().__init__(return_score)
        self.library = library
        self.column = column

    def rerank_vector(self, query: str, vector_results: pa.Table) -> pa.Table:
        """Order what a search by a vector has found.

        Args:
            query (str): The text.
            vector_results (pa.Table): Rows.

        Returns:
            pa.Table: Rows, best first, with ``_relevance_score``.

        Raises:
            ValueError: If the column is missing, or the vocabulary knows no
                word of the text.
        """
        return self._rerank(query, vector_results)

    def rerank_fts(self, query: str, fts_results: pa.Table) -> pa.Table:
        """Order what a search by words has found.

        Args:
            query (str): The text.
            fts_results (pa.Table): Rows.

        Returns:
            pa.Table: Rows, best first, with ``_relevance_score``.

        Raises:
            ValueError: If the column is missing, or the vocabulary knows no
                word of the text.
        """
        return self._rerank(query, fts_results)

    def rerank_hybrid(
        self, query: str, vector_results: pa.Table, fts_results: pa.Table
    ) -> pa.Table:
        """Order what a search by a vector and by words has found.

        Args:
            query (str): The text.
            vector_results (pa.Table): Rows of the search by a vector.
            fts_results (pa.Table): Rows of the search by words.

        Returns:
            pa.Table: Each row once, best first, with ``_relevance_score``.

        Raises:
            ValueError: If the column is missing, or the vocabulary knows no
                word of the text.
        """
        merge = (
            self._merge_and_keep_scores
            if self.score == 'all'
            else self.merge_results
        )
        return self._rerank(query, merge(vector_results, fts_results))

    def _rerank(self, query: str, rows: pa.Table) -> pa.Table:
        if self.column not in rows.column_names:
            raise ValueError(
                f'the rows must have the column {self.column!r}, but have '
                f'{rows.column_names}. Select it, or pass column= with the '
                'one that names the video.'
            )
        numbers = self._numbers(rows.column(self.column).to_pylist())
        known = sorted({number for number in numbers if number is not None})
        scores = self.library.scores_of(query, known)
        values = [scores.get(number) for number in numbers]
        scored = rows.append_column(_SCORE, pa.array(values, pa.float32()))
        # LanceDB's own: leaves the scores of the searches out unless wanted.
        kept = self._keep_relevance_score(scored)
        return kept.sort_by([(_SCORE, 'descending')])

    def _numbers(self, values: list[Any]) -> list[Any]:
        """Return the numbers of videos that are named by number or path."""
        if all(isinstance(value, int) for value in values):
            return values
        known = {row.facts.path: row.video for row in self.library.videos()}
        return [
            known.get(osp.abspath(os.fsdecode(value)))
            if isinstance(value, (str, bytes))
            else value
            for value in values
        ]
