# Copyright (c) clipbert_mm contributors.
"""Dataset of videos with captions, for text-to-video retrieval."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from mmaction.registry import DATASETS, TRANSFORMS
from typing_extensions import Unpack

from .base_caption_dataset import BaseCaptionDataset
from .base_text_dataset import TextDatasetOptions
from .option_groups import NegativeOptions, read_group
from .transforms import BertTokenize


@DATASETS.register_module()
class VideoTextRetrieval(BaseCaptionDataset):
    """Videos with captions, for text-to-video retrieval.

    Section "Text-to-Video Retrieval" of the paper. In training an item is a
    video with ``group_size`` of its captions, each followed by its negatives;
    in testing it is a video, to be scored with all captions
    (:meth:`caption_bank`). MMAction2's ``VideoTextDataset`` has one caption
    per item, no negatives, and reads one dialect.

    Args:
        ann_file (str): JSON lines of ClipBERT or one of MMAction2's two JSON
            dialects; see :func:`read_captions`.
        pipeline (list[dict | Callable]): Transforms.
        negatives (Mapping[str, Any] | None): Negatives of each caption in
            training; see :class:`NegativeOptions`. Defaults to None, one
            random caption.
        tokenize (dict | None): Config of the ``BertTokenize`` of the caption
            bank, for testing. Defaults to None.
        **options (Unpack[TextDatasetOptions]): Options of
            :class:`BaseTextDataset`.

    Raises:
        TypeError: If an option is unknown.
        ValueError: If an option is out of range.
        AnnotationError: If ``ann_file`` does not follow its format.

    Example:
        >>> dataset = VideoTextRetrieval(
        ...     'msrvtt/train.jsonl', pipeline=[],
        ...     data_prefix=dict(video='videos'))  # doctest: +SKIP
        >>> dataset.get_data_info(0)['text_labels']  # doctest: +SKIP
        array([1, 0])
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        *,
        negatives: Mapping[str, Any] | None = None,
        tokenize: dict | None = None,
        **options: Unpack[TextDatasetOptions],
    ) -> None:
        drawn = read_group(NegativeOptions, 'negatives', negatives)
        if drawn.number == 0 and not options.get('test_mode'):
            raise ValueError(
                'negatives.number must be >= 1 to train retrieval, but got 0.'
            )
        self._tokenize: BertTokenize | None = None
        if tokenize is not None:
            self._tokenize = TRANSFORMS.build(tokenize)
        self._bank: dict[str, torch.Tensor] | None = None
        super().__init__(ann_file, pipeline, negatives=drawn, **options)

    def _tokenizers(self) -> list[Callable]:
        own = [] if self._tokenize is None else [self._tokenize]
        return own + super()._tokenizers()

    def _needs_negatives(self) -> bool:
        return not self.test_mode

    def _num_parts(self, media_ind: int) -> int:
        return 1 if self.test_mode else super()._num_parts(media_ind)

    def _group(
        self, rows: np.ndarray, part: int, rng: np.random.Generator
    ) -> list[int]:
        if self.test_mode:
            return rows.tolist()
        return super()._group(rows, part, rng)

    def _texts(self, group: list[int], rng: np.random.Generator) -> dict:
        if self.test_mode:
            return dict(
                own_text_inds=group,
                own_text_ids=[self.table.ids[row] for row in group],
            )
        return super()._texts(group, rng)

    def caption_bank(self) -> dict[str, torch.Tensor]:
        """Return the tokens of all captions, to score every video with.

        Returns:
            dict[str, Tensor]: ``input_ids`` and ``attention_mask``; built
            once.

        Raises:
            ValueError: If the dataset has no ``tokenize``.

        Shape:
            - input_ids: ``(M, L)``, int64, M captions in file order
            - attention_mask: ``(M, L)``, int64
        """
        if self._tokenize is None:
            raise ValueError(
                'VideoTextRetrieval needs tokenize=dict(type='
                "'BertTokenize', tokenizer=..., max_txt_len=...) to make the "
                'caption bank, but got tokenize=None.'
            )
        if self._bank is None:
            tokens = self._tokenize.tokenize(self.captions)
            self._bank = {k: torch.from_numpy(v) for k, v in tokens.items()}
        return self._bank
