# Copyright (c) clipbert_mm contributors.
"""Files of sheets: names that every filesystem takes, and how to write."""

import os
import re
from pathlib import Path

import numpy as np
from PIL import Image

from clipbert_mm.utils.whole_files import whole_file

_OTHER = re.compile(r'[^\w.-]+')
_MOST = 60  # characters, of up to four bytes each


def safe_name(name: str) -> str:
    """Return a name that every filesystem and backend takes.

    Args:
        name (str): Name of what is drawn, of any characters and length.

    Returns:
        str: Name without separators.

    Example:
        >>> safe_name('video_7_../a b/赤い輪.mp4')
        'video_7_.._a_b_赤い輪.mp4'
    """
    return _OTHER.sub('_', name)[:_MOST]


def save_sheet(path: str | os.PathLike[str], sheet: np.ndarray) -> None:
    """Write an image to a file that is seen whole or not at all.

    Args:
        path (str | os.PathLike[str]): Path of the image; its suffix
            determines the format.
        sheet (np.ndarray): Shape ``(H, W, 3)``, uint8, RGB.

    Raises:
        FileNotWrittenError: If the file cannot be written.

    Example:
        >>> save_sheet('a.png', np.zeros((8, 8, 3), np.uint8))
    """
    kind = Image.registered_extensions()[Path(path).suffix.lower()]
    with whole_file(path) as partial:
        Image.fromarray(sheet).save(partial, kind)
