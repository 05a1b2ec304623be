# Copyright (c) clipbert_mm contributors.
"""Videos with captions, for text-to-video retrieval."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from mmaction.registry import DATASETS, TRANSFORMS

from .base_caption_dataset import BaseCaptionDataset
from .transforms import BertTokenize


@DATASETS.register_module()
class VideoTextRetrieval(BaseCaptionDataset):
    """Text-to-video retrieval.

    Section "Text-to-Video Retrieval" of the paper. In training an item is a
    video with ``group_size`` of its captions, each followed by its negatives;
    in testing it is a video, to be scored with all captions
    (:meth:`caption_bank`). MMAction2's ``VideoTextDataset`` has one caption
    per item, no negatives, and reads one dialect.

    ``dataset[index]`` is an item of seed 0 and epoch 0, and
    ``dataset[(seed, epoch, index)]`` of any; use it with ``EpochSampler``.

    Args:
        ann_file (str): JSON lines of ClipBERT or one of MMAction2's two JSON
            dialects; see :func:`read_captions`.
        pipeline (list): The transforms.
        data_root (str): Root of ``ann_file`` and ``data_prefix``. Defaults to
            ``''``.
        data_prefix (dict, optional): Folder of the videos. Defaults to None,
            ``dict(video='')``.
        media_suffix (str, optional): Appended to names without a suffix; None
            looks for files with the stem of a name. Defaults to ``'.mp4'``.
        group_size (int): Captions per video and item in training; groups are
            filled by repeating random members. Defaults to 1.
        num_negatives (int): Negatives per caption. Defaults to 1.
        num_hard_negatives (int): How many of them are hard. Defaults to 0.
        hard_negatives (str): ``'word_overlap'``, or the path of JSON lines
            ``{"sen_id": .., "negatives": [sen_id, ..]}``. Defaults to
            ``'word_overlap'``.
        test_mode (bool): Whether this is for validation or testing. Defaults
            to False.
        max_bad_share (float): Training stops when a larger share of the
            videos cannot be read. Defaults to 0.1.
        tokenize (dict, optional): Config of the ``BertTokenize`` of the
            caption bank, for testing. Defaults to None.
        max_refetch (int): Most samples tried in the place of a bad one.
            Defaults to 1000.
        lazy_init (bool): Read the annotations at the first use. Defaults to
            False.
        indices (int | Sequence[int], optional): Use only these videos (or the
            first so many, or the last if negative) and their captions.
            Defaults to None, all.
        serialize_data (bool): Keep the items in one buffer that workers
            share. Defaults to True.

    Raises:
        ValueError: If an argument is out of range.
        AnnotationError: If ``ann_file`` does not follow its format.

    Example:
        >>> dataset = VideoTextRetrieval('msrvtt/train.jsonl', pipeline=[],
        ...                              data_prefix=dict(video='videos'))
        >>> dataset.get_data_info(0)['text_labels']
        array([1, 0])
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        data_root: str = '',
        data_prefix: dict | None = None,
        media_suffix: str | None = '.mp4',
        group_size: int = 1,
        num_negatives: int = 1,
        num_hard_negatives: int = 0,
        hard_negatives: str = 'word_overlap',
        test_mode: bool = False,
        max_bad_share: float = 0.1,
        tokenize: dict | None = None,
        max_refetch: int = 1000,
        lazy_init: bool = False,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
    ) -> None:
        if num_negatives == 0 and not test_mode:
            raise ValueError(
                'num_negatives must be >= 1 to train retrieval, but got 0.'
            )
        self._tokenize: BertTokenize | None = None
        if tokenize is not None:
            self._tokenize = TRANSFORMS.build(tokenize)
        self._bank: dict[str, torch.Tensor] | None = None
        super().__init__(
            ann_file,
            pipeline=pipeline,
            media_keys=('video',),
            data_root=data_root,
            data_prefix=dict(video='') if data_prefix is None else data_prefix,
            media_suffix=media_suffix,
            group_size=group_size,
            num_negatives=num_negatives,
            num_hard_negatives=num_hard_negatives,
            hard_negatives=hard_negatives,
            test_mode=test_mode,
            max_bad_share=max_bad_share,
            max_refetch=max_refetch,
            lazy_init=lazy_init,
            indices=indices,
            serialize_data=serialize_data,
        )

    def _tokenizers(self) -> list[Callable]:
        own = [] if self._tokenize is None else [self._tokenize]
        return own + super()._tokenizers()

    def _needs_negatives(self) -> bool:
        return not self.test_mode

    def _num_parts(self, media_ind: int) -> int:
        return 1 if self.test_mode else super()._num_parts(media_ind)

    def _group(
        self,
        media_ind: int,
        part: int,
        dealer: np.random.Generator,
        rng: np.random.Generator,
    ) -> list[int]:
        if self.test_mode:
            return self.table.rows_of(media_ind).tolist()
        return super()._group(media_ind, part, dealer, rng)

    def _texts(self, group: list[int], rng: np.random.Generator) -> dict:
        if self.test_mode:
            return dict(
                own_text_inds=group,
                own_text_ids=[self.table.ids[row] for row in group],
            )
        return super()._texts(group, rng)

    def caption_bank(self) -> dict[str, torch.Tensor]:
        """The tokens of all captions, which testing scores every video with.

        Returns:
            dict[str, Tensor]: ``input_ids`` and ``attention_mask``, made once.

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
