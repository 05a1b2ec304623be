# Copyright (c) clipbert_mm contributors.
"""Links that name images as the pretraining dataset expects them."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def link_images(folders: Mapping[str, Sequence[str]], out: str) -> int:
    """Link ``coco/9.jpg`` to ``train2014/COCO_train2014_000000000009.jpg``.

    Args:
        folders (Mapping[str, Sequence[str]]): Folders of each source,
            ``coco`` and ``vg``. The number at the end of a file name is the
            id.
        out (str): Folder of the links; those of an earlier call are kept.

    Returns:
        int: Exit status, 1 after an error.
    """
    try:
        for source, roots in folders.items():
            images = _images(roots)
            for image, file in images:
                _link(Path(out) / source / f'{image}.jpg', file)
            print(f'{source}: {len(images):,} images from {list(roots)}')
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _images(roots: Sequence[str]) -> list[tuple[int, Path]]:
    """Return the id and the file of each image."""
    images = []
    for root in roots:
        files = sorted(Path(root).glob('*.jpg'))
        if not files:
            raise FileNotFoundError(
                f'There are no .jpg files in {root!r}. Check the folder.'
            )
        for file in files:
            number = file.stem.rpartition('_')[2]
            if not number.isdecimal():
                raise FileNotFoundError(
                    f'{file}: expected a name that ends in the id, such as '
                    '9.jpg or COCO_train2014_000000000009.jpg. Rename or '
                    'remove it.'
                )
            images.append((int(number), file.resolve()))
    return images


def _link(link: Path, file: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink() or link.exists():
        if link.resolve() != file:
            raise FileExistsError(
                f'{link} already exists and is not {file}. Remove it to '
                'create the link.'
            )
        return
    link.symlink_to(file)
