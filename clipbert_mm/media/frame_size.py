# Copyright (c) clipbert_mm contributors.
"""Sizes of frames after scaling."""


def long_side_shape(height: int, width: int, size: int) -> tuple[int, int]:
    """Return height and width after the longer side is resized to ``size``.

    The shorter side is truncated, as in the reference (mmcv rounds), and is
    at least 1.

    Args:
        height (int): Height in pixels.
        width (int): Width in pixels.
        size (int): Length of the longer side afterwards, in pixels.

    Returns:
        tuple[int, int]: Height and width.

    Example:
        >>> long_side_shape(333, 500, 448)
        (298, 448)
    """
    if height >= width:
        return size, max(int(size * width / height), 1)
    return max(int(size * height / width), 1), size


def fitted_size(width: int, height: int, long_side: int) -> tuple[int, int]:
    """Return the even size of an encoded video, never above its source's.

    Args:
        width (int): Width of the source in pixels.
        height (int): Height of the source in pixels.
        long_side (int): Maximum length of the longer side in pixels.

    Returns:
        tuple[int, int]: Width and height, both even.

    Example:
        >>> fitted_size(1280, 720, 448)
        (448, 252)
    """
    scale = min(1.0, long_side / max(width, height))
    return (
        max(round(width * scale) // 2 * 2, 2),
        max(round(height * scale) // 2 * 2, 2),
    )
