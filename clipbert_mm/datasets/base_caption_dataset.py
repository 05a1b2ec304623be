# Copyright (c) clipbert_mm contributors.
"""Base class of the datasets of videos or images with captions."""

import os.path as osp
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from typing_extensions import Unpack

from clipbert_mm.annotations.captions import Caption, CaptionId, read_captions

from .base_text_dataset import BaseTextDataset, TextDatasetOptions
from .negatives import NegativeSampler
from .option_groups import WORD_OVERLAP, NegativeOptions
from .tables.caption_table import CaptionTable
from .tables.media_table import select_media


class BaseCaptionDataset(BaseTextDataset):
    """Base class of the datasets with captions and negatives.

    Args:
        ann_file (str): Annotation file; see :func:`read_captions`.
        pipeline (list[dict | Callable]): Transforms.
        negatives (NegativeOptions): Negatives of each caption in training.
        **options (Unpack[TextDatasetOptions]): Options of
            :class:`BaseTextDataset`.

    Raises:
        TypeError: If an option is unknown.
        ValueError: If an option is out of range.
        AnnotationError: If ``ann_file`` does not follow its format.
    """

    _texts_name: ClassVar[str] = 'captions'
    table: CaptionTable

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        *,
        negatives: NegativeOptions,
        **options: Unpack[TextDatasetOptions],
    ) -> None:
        self.negatives = negatives
        super().__init__(ann_file, pipeline, **options)

    @property
    def captions(self) -> list[str]:
        """All captions, in file order."""
        self.full_init()
        return self.table.texts()

    @property
    def caption_ids(self) -> list[CaptionId]:
        """``sen_id`` of every caption, or its row if the file has none."""
        self.full_init()
        return list(self.table.ids)

    def _read_captions(self) -> list[Caption]:
        return read_captions(self.ann_file)

    def _needs_negatives(self) -> bool:
        return True

    def _read_table(self) -> CaptionTable:
        captions = select_media(self._read_captions(), self._media_indices)
        self.media_root.check_names(captions)
        table = CaptionTable(captions)
        if self._needs_negatives():
            source = self.negatives.source
            if source != WORD_OVERLAP:
                source = osp.join(self.data_root, source)
            self.negative_sampler = NegativeSampler(
                table,
                max(self.negatives.number, 1),
                self.negatives.hard,
                source,
            )
        return table

    def _texts(self, group: list[int], rng: np.random.Generator) -> dict:
        rows, labels = self._draw_texts(group, rng)
        return dict(
            texts=[self.table.text(row) for row in rows],
            text_labels=np.array(labels, dtype=np.int64),
        )

    def _draw_texts(
        self, group: list[int], rng: np.random.Generator
    ) -> tuple[list[int], list[int]]:
        """Return the rows of an item's texts, and 1 for its own or 0."""
        rows: list[int] = []
        labels: list[int] = []
        for row in group:
            rows += [row, *self.negative_sampler.draw(row, rng)]
            labels += [1] + [0] * self.negatives.number
        return rows, labels
