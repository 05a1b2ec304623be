# Copyright (c) clipbert_mm contributors.
"""Files with a text a line, as options name them."""

from .options import usage_error


def read_lines(file: str, option: str) -> list[str]:
    """Return the lines of a file that are not empty, each once.

    Args:
        file (str): UTF-8 text.
        option (str): Name of the option for the message.

    Returns:
        list[str]: The lines, without spaces around them.

    Raises:
        typer.BadParameter: If it cannot be read, is no text, or has no lines.
    """
    try:
        with open(file, encoding='utf-8-sig') as lines:
            found = [line.strip() for line in lines]
    except OSError as error:
        raise usage_error(f'{file!r}: {error.strerror}.', option) from None
    except UnicodeDecodeError:
        raise usage_error(f'{file!r} is no text in UTF-8.', option) from None
    found = list(dict.fromkeys(line for line in found if line))
    if not found:
        raise usage_error(f'{file!r} is empty. Write one text a line.', option)
    return found
