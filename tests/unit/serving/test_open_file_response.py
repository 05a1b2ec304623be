# Copyright (c) clipbert_mm contributors.
"""Tests of sending a file that is open."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Any

from clipbert_mm.serving.open_file_response import OpenFileResponse

CONTENT = bytes(range(256)) * 1000  # several chunks


def sent(
    response: OpenFileResponse, *headers: tuple[bytes, bytes]
) -> tuple[int, bytes, list[str]]:
    """Call a response as a server that can send paths by itself."""
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return dict(type='http.disconnect')

    async def send(message: Any) -> None:
        messages.append(message)

    scope = dict(
        type='http',
        method='GET',
        headers=list(headers),
        extensions={'http.response.pathsend': {}},
    )
    asyncio.run(response(scope, receive, send))
    body = b''.join(message.get('body', b'') for message in messages)
    kinds = [message['type'] for message in messages]
    return messages[0]['status'], body, kinds


def handles(path: Path) -> int:
    """Count the handles of this process that lead to a file."""
    found = 0
    for link in Path('/proc/self/fd').iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the listing
            found += os.readlink(link).startswith(str(path))
    return found


def test_response__name_is_another_file_by_now(tmp_path: Path) -> None:
    path = tmp_path / 'a.bin'
    path.write_bytes(CONTENT)
    whole, part = (OpenFileResponse(path.open('rb')) for _ in range(2))
    path.unlink()
    path.write_bytes(b'another file')
    status, body, kinds = sent(whole)
    assert (status, body) == (200, CONTENT)
    assert 'http.response.pathsend' not in kinds
    status, body, _ = sent(part, (b'range', b'bytes=100000-100009'))
    assert (status, body) == (206, CONTENT[100_000:100_010])
    assert handles(path) == 0


def test_response__that_is_not_sent_leaves_no_handle(tmp_path: Path) -> None:
    path = tmp_path / 'a.bin'
    path.write_bytes(CONTENT)
    response = OpenFileResponse(path.open('rb'))
    assert response.headers['content-length'] == str(len(CONTENT))
    assert handles(path) == 1
    del response
    assert handles(path) == 0
