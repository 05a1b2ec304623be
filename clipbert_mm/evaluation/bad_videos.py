# Copyright (c) clipbert_mm contributors.
"""Options and errors that the metrics share: unreadable videos, files."""

from collections.abc import Mapping


def bad_video_error(
    reasons: Mapping[str, str], total: int, remedy: str
) -> RuntimeError:
    """Return the error that lists unreadable videos.

    Args:
        reasons (Mapping[str, str]): Reason by name of the video.
        total (int): Number of all videos.
        remedy (str): What else to do, in words.

    Returns:
        RuntimeError: The error to raise.

    Example:
        >>> print(bad_video_error(
        ...     {'v0': 'OSError: no such file'}, 2,
        ...     "set bad_videos='last' to rank them last"))
        1 of 2 videos could not be read:
          v0: OSError: no such file
        Fix or remove them, or set bad_videos='last' to rank them last.
    """
    lines = [f'{len(reasons)} of {total} videos could not be read:']
    lines += [f'  {name}: {reason}' for name, reason in reasons.items()]
    lines.append(f'Fix or remove them, or {remedy}.')
    return RuntimeError('\n'.join(lines))


def check_out_file(path: str | None, suffix: str) -> None:
    """Raise unless the path of an output file ends in its suffix.

    Args:
        path (str | None): Path of the file; None writes none.
        suffix (str): Required suffix.

    Raises:
        ValueError: If it ends in another one.

    Example:
        >>> check_out_file('scores.json', '.npz')
        Traceback (most recent call last):
        ValueError: out_file must end in .npz, but got 'scores.json'.
    """
    if path is not None and not path.endswith(suffix):
        raise ValueError(f'out_file must end in {suffix}, but got {path!r}.')
