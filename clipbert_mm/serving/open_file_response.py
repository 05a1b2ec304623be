# Copyright (c) clipbert_mm contributors.
"""Response that sends an open file, whose name may be gone by then."""

import os
from typing import Any, BinaryIO

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

_PATH_SEND = 'http.response.pathsend'


class OpenFileResponse(FileResponse):
    """Content of an open file, with ranges of bytes.

    Starlette's ``FileResponse`` opens its path when it begins to send, and
    fails if the file was removed since. This one sends a file that is open
    already: its path is that of the descriptor. The file is closed with the
    response, whether it was sent or not.

    Args:
        file (BinaryIO): Open file.
        **options (Any): Options of ``FileResponse``.

    Example:
        >>> OpenFileResponse(open('a.mp4', 'rb'),
        ...                  media_type='video/mp4')  # doctest: +SKIP
    """

    def __init__(self, file: BinaryIO, **options: Any) -> None:
        number = file.fileno()
        super().__init__(
            f'/dev/fd/{number}', stat_result=os.fstat(number), **options
        )
        self._file = file

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send the file as an ASGI application.

        Args:
            scope (Scope): The request.
            receive (Receive): Receives messages of the client.
            send (Send): Sends messages to it.
        """
        # A server that sends paths by itself would open the descriptor late,
        # when it may be closed, or another file.
        extensions = dict(scope.get('extensions') or {})
        extensions.pop(_PATH_SEND, None)
        with self._file:
            await super().__call__(
                dict(scope, extensions=extensions), receive, send
            )
