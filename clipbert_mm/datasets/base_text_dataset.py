# Copyright (c) clipbert_mm contributors.
"""Base class of the datasets of videos or images with texts."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypedDict

import numpy as np
import torch
from mmaction.datasets import BaseActionDataset
from mmengine.dist import is_main_process
from mmengine.logging import print_log

from clipbert_mm.media.errors import is_media_error
from clipbert_mm.media.files import media_files
from clipbert_mm.utils.checks import check_bool, check_integer, check_path
from clipbert_mm.utils.error_text import describe

from .bad_media import BadMediaLog
from .item_draws import (
    Index,
    deal_rows,
    item_generator,
    split_index,
    take_group,
)
from .media_key import check_media_key
from .media_root import MediaRoot
from .option_groups import BadMediaOptions, read_group
from .tables.media_table import MediaTable
from .transforms import BertTokenize

_INPUTS = ('imgs', 'input_ids', 'attention_mask')


class TextDatasetOptions(TypedDict, total=False):
    """Keyword options that every dataset takes; see BaseTextDataset."""

    data_root: str
    data_prefix: dict[str, str] | None
    media_suffix: str | None
    group_size: int
    test_mode: bool
    indices: int | Sequence[int] | None
    bad_media: Mapping[str, Any] | None
    allow_outside: bool
    lazy_init: bool


class BaseTextDataset(BaseActionDataset):
    """Base class of the datasets whose items are a video and its texts.

    In training an item is a group of captions or questions (rows of the
    annotations) of one video, so that a video is encoded once for all of them
    (section "Implementation Details" of the paper). All random draws of an
    item come from one generator, seeded by ``(seed, epoch, index, attempt)``:
    they do not depend on the number of workers, and a resumed run draws the
    same. ``attempt`` counts the replacements of unreadable files.

    ``dataset[index]`` is an item of seed 0 and epoch 0, and
    ``dataset[(seed, epoch, index)]`` of any; use it with ``EpochSampler``.

    Args:
        ann_file (str): Annotation file.
        pipeline (list[dict | Callable]): Transforms.
        data_root (str): Root of ``ann_file`` and ``data_prefix``. Defaults to
            ``''``.
        data_prefix (dict[str, str] | None): Folder of the media under one of
            :attr:`media_keys`. Defaults to None, the root under the first of
            them.
        media_suffix (str | None): Suffix appended to names without one; None
            looks for files with the stem of a name. Defaults to ``'.mp4'``.
        group_size (int): Rows per training item (1 in testing). A smaller
            group is filled by repeating random members. Defaults to 1.
        test_mode (bool): Whether this is for validation or testing. Defaults
            to False.
        indices (int | Sequence[int] | None): Places of the media to use, with
            their rows; an integer takes the first so many, or the last if
            negative. Defaults to None, all.
        bad_media (Mapping[str, Any] | None): Tolerance for unreadable files;
            see :class:`BadMediaOptions`. Defaults to None, its defaults.
        allow_outside (bool): Whether the annotations may name media outside
            of the folder of ``data_prefix`` and ``data_root``, or addresses.
            Defaults to False.
        lazy_init (bool): Whether to read the annotations at the first use.
            Defaults to False.

    Raises:
        TypeError: If an option is unknown.
        ValueError: If an option is out of range.
        AnnotationError: If ``ann_file`` does not follow its format.
    """

    # Keys that data_prefix may have, one at a time.
    media_keys: ClassVar[tuple[str, ...]] = ('video',)
    # Name of the texts in the log.
    _texts_name: ClassVar[str] = 'texts'

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        *,
        data_root: str = '',
        data_prefix: dict[str, str] | None = None,
        media_suffix: str | None = '.mp4',
        group_size: int = 1,
        test_mode: bool = False,
        indices: int | Sequence[int] | None = None,
        bad_media: Mapping[str, Any] | None = None,
        allow_outside: bool = False,
        lazy_init: bool = False,
    ) -> None:
        if data_prefix is None:
            data_prefix = {self.media_keys[0]: ''}
        self.media_key = check_media_key(
            type(self).__name__, data_prefix, self.media_keys
        )
        check_integer('group_size', group_size, 1)
        check_path('ann_file', ann_file)
        check_path('data_root', data_root)
        check_bool('allow_outside', allow_outside)
        check_bool('test_mode', test_mode)
        self.media_suffix = media_suffix
        self.group_size = 1 if test_mode else group_size
        self.max_bad = read_group(BadMediaOptions, 'bad_media', bad_media)
        self._media_indices = indices
        self._allow_outside = allow_outside
        super().__init__(
            ann_file,
            pipeline=pipeline,
            data_root=data_root,
            data_prefix=dict(data_prefix),
            test_mode=test_mode,
            max_refetch=self.max_bad.max_refetch,
            lazy_init=lazy_init,
        )

    def full_init(self) -> None:
        """Read the annotations once, and log how many texts will be cut."""
        if self._fully_initialized:
            return
        super().full_init()
        self._log_cut_texts()

    def load_data_list(self) -> list[dict]:
        """Read the annotations and list the items.

        Returns:
            list[dict]: One dict per item.
        """
        self.media_root = self.new_media_root(self.ann_file)
        self.table = self._read_table()
        files = media_files(
            self.table.media,
            self.data_prefix[self.media_key],
            self.media_suffix,
        )
        self.bad_media = BadMediaLog(files, self.max_bad.max_fraction)
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

    def new_media_root(self, ann_file: str) -> MediaRoot:
        """Return the check of where the media of an annotation file lie.

        Args:
            ann_file (str): The file, as errors name it.

        Returns:
            MediaRoot: Check with the options of this dataset.
        """
        return MediaRoot(
            ann_file,
            self.data_prefix[self.media_key],
            self.pipeline.transforms,
            self._allow_outside,
        )

    @abstractmethod
    def _read_table(self) -> MediaTable:
        """Read the annotations of the chosen media, and check their names."""

    @abstractmethod
    def _texts(self, group: list[int], rng: np.random.Generator) -> dict:
        """Return the fields of an item that belong to its rows."""

    def _num_parts(self, media_ind: int) -> int:
        """Return the number of items of a video."""
        return -(-len(self.table.rows_of(media_ind)) // self.group_size)

    def _log_cut_texts(self) -> None:
        """Log how many texts are longer than the model reads."""
        used = self.bert_tokenizers()
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

    def bert_tokenizers(self) -> list[BertTokenize]:
        """Return the transforms that tokenise texts.

        Returns:
            list[BertTokenize]: Those of the pipeline and of the dataset.
        """
        return [t for t in self._tokenizers() if isinstance(t, BertTokenize)]

    def _tokenizers(self) -> list[Callable]:
        """Return the transforms that include the tokenizer of the texts."""
        return list(self.pipeline.transforms)

    def get_data_info(self, idx: Index) -> dict:
        """Return an item before the pipeline.

        Args:
            idx (Index): Index, or seed, epoch and index. Seed and epoch are 0
                without them, and in testing.

        Returns:
            dict: ``filename``, ``video_id``, ``rng`` and the fields of the
            texts.
        """
        return self._item(*self._split(idx), attempt=0)

    def prepare_data(self, idx: Index) -> dict | None:
        """Return an item after the pipeline.

        In training, an unreadable file is reported once and another sample is
        drawn. In testing, such an item has no pixels and its data sample has
        the reason in ``load_error``.

        Args:
            idx (Index): See :meth:`get_data_info`.

        Returns:
            dict | None: The packed item.

        Raises:
            RuntimeError: If too many files are unreadable.
        """
        seed, epoch, index = self._split(idx)
        if self.test_mode:
            return self._prepare_testing(self._item(seed, epoch, index, 0))
        for attempt in range(self.max_refetch + 1):
            info = self._item(seed, epoch, index, attempt)
            media_ind = info.pop('media_ind')
            try:
                self.media_root.check_file(info['filename'], media_ind)
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
        return split_index(
            idx, len(self), type(self).__name__, without_seed=self.test_mode
        )

    def _item(self, seed: int, epoch: int, index: int, attempt: int) -> dict:
        rng = item_generator(seed, epoch, index, attempt)
        if attempt:
            # Differs from reference (and MMEngine): from the item's own seed.
            index = int(rng.integers(len(self)))
        info = super().get_data_info(index)
        info['rng'] = rng
        media_ind = info['media_ind']
        rows = deal_rows(
            self.table.rows_of(media_ind),
            self.group_size,
            seed,
            epoch,
            media_ind,
        )
        group = self._group(rows, info.pop('part'), rng)
        info.update(self._texts(group, rng))
        return info

    def _group(
        self, rows: np.ndarray, part: int, rng: np.random.Generator
    ) -> list[int]:
        """Return the rows of an item, of the dealt rows of its video."""
        return take_group(rows, part, self.group_size, rng)

    def _prepare_testing(self, info: dict) -> dict | None:
        media_ind = info.pop('media_ind')
        item = dict(info)
        try:
            self.media_root.check_file(info['filename'], media_ind)
            return self.pipeline(info)
        except Exception as error:
            if not is_media_error(error):
                raise
            return self._without_media(item, error)

    def _without_media(self, info: dict, error: Exception) -> dict:
        """Return the packed item of an unreadable file, in testing."""
        blank = {key: torch.empty(0) for key in _INPUTS}
        packed = self.pipeline.transforms[-1]({**info, **blank})
        packed['data_samples'].set_field(describe(error), 'load_error')
        return packed
