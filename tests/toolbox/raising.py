# Copyright (c) clipbert_mm contributors.
"""Errors with the traceback of any file."""

import pytest


def error_of(file: str, error: Exception) -> Exception:
    """Return an error, as if the code of a file had raised it.

    Args:
        file (str): Path of the file; it need not exist.
        error (Exception): The error.

    Returns:
        Exception: The same error, with a traceback.
    """
    code = compile('raise error', file, 'exec')
    with pytest.raises(type(error)) as caught:
        exec(code, {'error': error})
    return caught.value
