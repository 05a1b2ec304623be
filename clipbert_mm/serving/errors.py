# Copyright (c) clipbert_mm contributors.
"""Errors that a service answers with a status of HTTP."""


class RequestError(ValueError):
    """Request that is refused.

    Args:
        message (str): What was expected, what came, and what to do.
        status (int): Status of HTTP. Defaults to 400.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
