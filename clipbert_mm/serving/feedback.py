# Copyright (c) clipbert_mm contributors.
"""Judgements of people about matches, in the database of the index."""

import os
import time
from typing import Any

from clipbert_mm.library.store import IndexStore
from clipbert_mm.utils.extras import import_extra

VOTES = (-1, 1)


class Feedback:
    """Table of judgements next to the tables of an index.

    Args:
        store (IndexStore): The index.

    Example:
        >>> Feedback(store).add('a dog', '/a.mp4', 1)  # doctest: +SKIP
    """

    def __init__(self, store: IndexStore) -> None:
        arrow = import_extra('pyarrow', 'search')
        schema = arrow.schema(
            [
                ('query', arrow.string()),
                ('path', arrow.binary()),
                ('vote', arrow.int32()),
                ('time', arrow.float64()),
            ]
        )
        self._table = store.open_or_create('feedback', schema)

    def add(self, query: str, path: str, vote: int) -> None:
        """Keep a judgement.

        Args:
            query (str): The query.
            path (str): The video.
            vote (int): 1 if it matches, -1 if not.
        """
        row = dict(
            query=query, path=os.fsencode(path), vote=vote, time=time.time()
        )
        self._table.add([row])

    def rows(self) -> list[dict[str, Any]]:
        """Return all judgements.

        Returns:
            list[dict[str, Any]]: ``query``, ``path``, ``vote`` and ``time``.
        """
        return [
            dict(row, path=os.fsdecode(row['path']))
            for row in self._table.search().to_arrow().to_pylist()
        ]
