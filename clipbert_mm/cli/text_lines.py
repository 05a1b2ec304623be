# Copyright (c) clipbert_mm contributors.
"""Files with a text a line, as options name them."""

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.text_lines import read_text_lines

from .options import usage_error


def read_lines(file: str, option: str) -> list[str]:
    """Return the lines of a file that are not blank, each once.

    Args:
        file (str): UTF-8 text.
        option (str): Name of the option for the message.

    Returns:
        list[str]: The lines, without spaces around them.

    Raises:
        typer.BadParameter: If it cannot be read, is no text, or has no lines.
    """
    try:
        return list(dict.fromkeys(read_text_lines(file)))
    except (OSError, AnnotationError) as error:
        raise usage_error(str(error), option) from None
