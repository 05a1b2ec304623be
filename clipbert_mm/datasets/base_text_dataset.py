# Copyright (c) clipbert_mm contributors.
"""What the data sets of videos or images with texts have in common."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Sequence

import numpy as np
import torch
from mmaction.datasets import BaseActionDataset
from mmengine.dist import is_main_process
from mmengine.logging import print_log

from clipbert_mm.media.errors import describe, is_media_error
from clipbert_mm.media.files import media_files
from clipbert_mm.utils.checks import check_integer

from .bad_media import BadMediaLog
from .media_key import check_media_key
from .tables.media_table import MediaTable
from .transforms import BertTokenize

# An index, or (seed, epoch, index) as EpochSampler gives it, to which
# ConcatTextDataset adds the number of the member.
Index = int | tuple[int, ...]

_INPUTS = ('imgs', 'input_ids', 'attention_mask')


class BaseTextDataset(BaseActionDataset):
    """Base class of the data sets whose items are a video and its texts.

    In training an item is a group of captions or questions (the rows of the
    annotations) of one video, so that a video is encoded once for all of them
    (section "Implementation Details" of the paper). All random draws of an
    item come from one generator, seeded by ``(seed, epoch, index, attempt)``:
    they do not depend on the number of workers, and a resumed run draws the
    same. ``attempt`` counts the samples that took the place of a file that
    cannot be read.

    Args:
        ann_file (str): Annotations.
        pipeline (list): The transforms.
        media_keys (Sequence[str]): The keys that ``data_prefix`` may have, one
            of them at a time: ``'video'``, ``'img'``.
        data_root (str): Root of ``ann_file`` and ``data_prefix``.
        data_prefix (dict): Folder of the media.
        media_suffix (str, optional): Appended to names without a suffix; None
            looks for files with the stem of a name.
        group_size (int): Rows per training item (1 in testing). A group with
            fewer repeats random members.
        test_mode (bool): Whether this is for validation or testing.
        max_bad_share (float): Training stops when a larger share of the media
            cannot be read.
        max_refetch (int): Most samples tried in the place of a bad one.
        lazy_init (bool): Read the annotations at the first use.
        indices (int | Sequence[int], optional): Use only these media (or the
            first so many, or the last if negative) and their rows.
        serialize_data (bool): Keep the items in one buffer.

    Raises:
        ValueError: If an argument is out of range.
        AnnotationError: If ``ann_file`` does not follow its format.
    """

    # What the log calls the texts.
    _texts_name = 'texts'

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        media_keys: Sequence[str],
        data_root: str,
        data_prefix: dict,
        media_suffix: str | None,
        group_size: int,
        test_mode: bool,
        max_bad_share: float,
        max_refetch: int,
        lazy_init: bool,
        indices: int | Sequence[int] | None,
        serialize_data: bool,
    ) -> None:
        self.media_key = check_media_key(
            type(self).__name__, data_prefix, media_keys
        )
        check_integer('group_size', group_size, 1)
        if not 0 <= max_bad_share <= 1:
            raise ValueError(
                'max_bad_share must be between 0 and 1, but got '
                f'{max_bad_share}.'
            )
        self.media_suffix = media_suffix
        self.group_size = 1 if test_mode else group_size
        self.max_bad_share = max_bad_share
        self._media_indices = indices
        super().__init__(
            ann_file,
            pipeline=pipeline,
            data_root=data_root,
            data_prefix=dict(data_prefix),
            test_mode=test_mode,
            max_refetch=max_refetch,
            lazy_init=lazy_init,
            serialize_data=serialize_data,
        )

    def full_init(self) -> None:
        """Read the annotations, once, and tell how many will be cut."""
        if self._fully_initialized:
            return
        super().full_init()
        self._log_cut_texts()

    def load_data_list(self) -> list[dict]:
        """Read the annotations and list the items.

        Returns:
            list[dict]: One dict per item.
        """
        self.table = self._read_table()
        files = media_files(
            self.table.media,
            self.data_prefix[self.media_key],
            self.media_suffix,
        )
        self.bad_media = BadMediaLog(files, self.max_bad_share)
        return [
            dict(
                filename=filename,
                video_id=self.table.media[media_ind],
                media_ind=media_ind,
                part=part,
            )
            for media_ind, filename in enumerate(files)
            for part in range(self._num_parts(media_ind))
        ]

    @abstractmethod
    def _read_table(self) -> MediaTable:
        """Read the annotations of the chosen media."""

    @abstractmethod
    def _texts(self, group: list[int], rng: np.random.Generator) -> dict:
        """What an item has for the rows of its group."""

    def _num_parts(self, media_ind: int) -> int:
        """Number of items of a video."""
        return -(-len(self.table.rows_of(media_ind)) // self.group_size)

    def _log_cut_texts(self) -> None:
        """Tell once how many texts are longer than the model reads."""
        used = [t for t in self._tokenizers() if isinstance(t, BertTokenize)]
        if not used or not is_main_process():
            return
        texts = self.table.texts()
        count = used[0].count_longer(texts)
        if count:
            print_log(
                f'{count} of {len(texts)} {self._texts_name} are longer than '
                f'max_txt_len={used[0].max_txt_len} tokens and are cut '
                f'({self.ann_file}).',
                logger='current',
                level=logging.WARNING,
            )

    def _tokenizers(self) -> list[Callable]:
        """Transforms among which the tokenizer of the texts is."""
        return list(self.pipeline.transforms)

    def get_data_info(self, idx: Index) -> dict:
        """The item before the pipeline.

        Args:
            idx (int | tuple[int, int, int]): The index, or seed, epoch and
                index. Seed and epoch are 0 without them, and in testing.

        Returns:
            dict: ``filename``, ``video_id``, ``rng`` and what the dataset
            has for its texts.
        """
        return self._item(*self._split(idx), attempt=0)

    def prepare_data(self, idx: Index) -> dict | None:
        """The item after the pipeline.

        In training, a file that cannot be read is reported once and another
        sample is drawn. In testing, such an item has no pixels and its data
        sample has the reason in ``load_error``.

        Args:
            idx (int | tuple[int, int, int]): As for :meth:`get_data_info`.

        Returns:
            dict | None: The packed item.

        Raises:
            RuntimeError: If too many files are bad.
        """
        seed, epoch, index = self._split(idx)
        if self.test_mode:
            return self._prepare_testing(self._item(seed, epoch, index, 0))
        for attempt in range(self.max_refetch + 1):
            info = self._item(seed, epoch, index, attempt)
            media_ind = info.pop('media_ind')
            try:
                data = self.pipeline(info)
            except Exception as error:
                if not is_media_error(error):
                    raise
                self.bad_media.report(media_ind, error)
                continue
            if data is not None:
                return data
        raise RuntimeError(
            f'None of {self.max_refetch + 1} samples could be used. Check '
            'data_prefix, media_suffix and the pipeline.'
        )

    def _split(self, idx: Index) -> tuple[int, int, int]:
        """Seed, epoch and index, the latter from 0 on."""
        numbers = idx if isinstance(idx, tuple) else (0, 0, idx)
        seed, epoch, index, *member = numbers
        if not -len(self) <= index < len(self):
            raise IndexError(
                f'{type(self).__name__} has {len(self)} items, '
                f'but got the index {index}.'
            )
        if self.test_mode:
            seed = epoch = 0
        if member:
            # Above the bits of any seed; the first draws as it would alone.
            seed = int(seed) + (member[0] << 64)
        return seed, epoch, index % len(self)

    def _item(self, seed: int, epoch: int, index: int, attempt: int) -> dict:
        rng = np.random.default_rng((seed, epoch, index, attempt))
        if attempt:
            # Differs from reference (and MMEngine): from the item's own seed.
            index = int(rng.integers(len(self)))
        info = super().get_data_info(index)
        part = info.pop('part')
        info['rng'] = rng
        # The constant keeps it apart from the generators of items.
        dealer = np.random.default_rng((seed, epoch, info['media_ind'], 0, 1))
        group = self._group(info['media_ind'], part, dealer, rng)
        info.update(self._texts(group, rng))
        return info

    def _group(
        self,
        media_ind: int,
        part: int,
        dealer: np.random.Generator,
        rng: np.random.Generator,
    ) -> list[int]:
        """The rows of one item.

        Differs from reference: a video's rows are dealt out to its items
        anew in every epoch, by a generator that all items of the video share,
        instead of in file order.
        """
        rows = self.table.rows_of(media_ind)
        if self.group_size > 1:
            rows = dealer.permutation(rows)
        group = rows[part * self.group_size : (part + 1) * self.group_size]
        missing = self.group_size - len(group)
        return [*group.tolist(), *rng.choice(group, missing).tolist()]

    def _prepare_testing(self, info: dict) -> dict | None:
        del info['media_ind']
        item = dict(info)
        try:
            return self.pipeline(info)
        except Exception as error:
            if not is_media_error(error):
                raise
            return self._without_media(item, error)

    def _without_media(self, info: dict, error: Exception) -> dict:
        """The packed item of a file that cannot be used, in testing."""
        blank = {key: torch.empty(0) for key in _INPUTS}
        packed = self.pipeline.transforms[-1]({**info, **blank})
        packed['data_samples'].set_field(describe(error), 'load_error')
        return packed
