# Copyright (c) clipbert_mm contributors.
"""A folder that keeps the logits of every finished video."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from clipbert_mm.utils.whole_files import (
    remove_leftovers,
    whole_file,
    write_whole,
)

from .store_file import RowShape, VideoLogits, read_meta, read_row

META = 'meta.json'
_VIDEO = re.compile(r'(\d{6,18})\.npz')


class ScoreStore:
    """Store of one file for each finished video.

    A file appears under its name when it is complete and on disk: a run may
    be killed at any time, also by a power failure. Files do not depend on the
    process that wrote them, so a run may resume with another number of
    processes. ``meta.json`` holds the fingerprint of the run.

    Args:
        folder (str | Path): Folder that all processes of a run see.
        fingerprint (dict): Everything the scores follow from, as JSON.
        shape (RowShape | None): Sizes that every file must have. Defaults to
            None: any.

    Example:
        >>> store = ScoreStore(
        ...     'scores', dict(weights='5ca1ab1e'))  # doctest: +SKIP
        >>> store.open()  # doctest: +SKIP
        >>> logits = torch.zeros(2, 16, 2)
        >>> store.write(
        ...     7, VideoLogits(torch.arange(2), logits))  # doctest: +SKIP
        >>> store.video_inds()  # doctest: +SKIP
        {7}
    """

    def __init__(
        self,
        folder: str | Path,
        fingerprint: dict,
        shape: RowShape | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.shape = shape
        # As it will be read: JSON has no tuples.
        self.fingerprint = json.loads(json.dumps(fingerprint))

    def open(self) -> None:
        """Create the folder or resume from it. Call from one process only.

        Raises:
            ValueError: If it holds scores of another run, or its meta.json is
                damaged.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self.folder)
        meta = self.folder / META
        if meta.exists():
            self._compare(read_meta(meta))
        elif self.video_inds():
            raise ValueError(
                f'{self.folder} has scores, but no {META} that says of which '
                'run. Name another store, or delete the folder.'
            )
        else:
            write_whole(meta, json.dumps(self.fingerprint, indent=2))

    def _compare(self, found: dict) -> None:
        differences = differing_members(found, self.fingerprint)
        if differences:
            raise ValueError(
                f'{self.folder} holds scores of another run: '
                f'{"; ".join(differences)}. To resume it, restore these '
                'settings; to score from scratch, name another store or '
                'delete the folder.'
            )

    def video_inds(self) -> set[int]:
        """Return the finished videos.

        Returns:
            set[int]: Indices of the videos.
        """
        found = (_VIDEO.fullmatch(name) for name in os.listdir(self.folder))
        return {int(match[1]) for match in found if match}

    def missing(
        self, num_videos: int, text_inds: Sequence[Tensor] | None
    ) -> list[int]:
        """Return the videos to score: new ones, and those with other texts.

        Args:
            num_videos (int): N.
            text_inds (Sequence[Tensor] | None): Indices of the texts that each
                video is scored with; None for all texts.

        Returns:
            list[int]: Indices of the videos, ascending. Videos without texts
            are left out.
        """
        kept = self.video_inds()
        if text_inds is None:
            return [i for i in range(num_videos) if i not in kept]
        return [
            i
            for i, own in enumerate(text_inds)
            if len(own)
            and not (i in kept and torch.equal(self.read(i).text_inds, own))
        ]

    def write(self, video_ind: int, logits: VideoLogits) -> None:
        """Keep the logits of a finished video.

        Args:
            video_ind (int): Index of the video.
            logits (VideoLogits): Logits on the CPU.
        """
        # `open` has swept the folder; listing it for each video would be slow.
        with (
            whole_file(self._path(video_ind), sweep=False) as partial,
            open(partial, 'wb') as file,
        ):
            np.savez(
                file,
                text_inds=logits.text_inds.numpy(),
                clip_logits=logits.clip_logits.numpy(),
            )

    def read(self, video_ind: int) -> VideoLogits:
        """Read the logits of a finished video.

        Args:
            video_ind (int): Index of the video.

        Returns:
            VideoLogits: Logits as written.

        Raises:
            ValueError: If the file was damaged after it was written, or is of
                another shape.
        """
        return read_row(self._path(video_ind), self.shape)

    def _path(self, video_ind: int) -> Path:
        return self.folder / f'{video_ind:06d}.npz'


def differing_members(found: dict, wanted: dict, name: str = '') -> list[str]:
    """Describe the differences between two fingerprints.

    Args:
        found (dict): Fingerprint of the store.
        wanted (dict): Fingerprint of this run.
        name (str): Name of the member that both are. Defaults to ``''``.

    Returns:
        list[str]: One string for each member that differs.

    Example:
        >>> differing_members(dict(clips=4), dict(clips=16))
        ['clips was 4 and is now 16']
    """
    texts = []
    for key in sorted(found.keys() | wanted.keys()):
        old, new = found.get(key), wanted.get(key)
        label = f'{name}.{key}' if name else key
        if isinstance(old, dict) and isinstance(new, dict):
            texts += differing_members(old, new, label)
        elif old != new:
            texts.append(f'{label} was {old!r:.200} and is now {new!r:.200}')
    return texts
