# Copyright (c) clipbert_mm contributors.
"""Format the text of a config once, and without a long search.

MMEngine formats it with yapf for the log, for each visualiser and for the file
in the work folder: four times at every start of a run. Each takes seconds if a
path is longer than a line may be, because yapf then tries every way to break
the lines before it.
"""

from functools import lru_cache
from typing import Any

from mmengine.config import config

# Length of a line in MMEngine's style.
_COLUMNS = 79
# Texts of as many configs are kept.
_KEPT = 4

_format_code = config.FormatCode


def format_texts_quickly() -> str:
    """Let ``Config.pretty_text`` remember texts, and keep long lines.

    Returns:
        str: Reason of the repair.

    Example:
        >>> format_texts_quickly()  # doctest: +SKIP
        'MMEngine formats configs several times, for seconds if paths are long'
    """
    config.FormatCode = _format
    return (
        'MMEngine formats configs several times, for seconds if paths are long'
    )


def _format(
    text: str, style_config: dict[str, Any], **options: Any
) -> tuple[str, bool]:
    """Format code as yapf does, in lines as long as its longest one."""
    longest = max(map(len, text.splitlines()), default=0)
    style = dict(style_config, column_limit=max(longest, _COLUMNS))
    return _formatted(text, tuple(style.items()), tuple(options.items()))


@lru_cache(maxsize=_KEPT)
def _formatted(
    text: str, style: tuple[Any, ...], options: tuple[Any, ...]
) -> tuple[str, bool]:
    return _format_code(text, style_config=dict(style), **dict(options))
