# Copyright (c) clipbert_mm contributors.
"""Hugging Face hub on this machine: commits are written to a folder."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.toolbox.http_servers import serve


@contextmanager
def local_hub(folder: Path) -> Iterator[str]:
    """Serve the part of the hub's API that creates and commits.

    Args:
        folder (Path): Folder to which the files of commits are written.

    Yields:
        str: Address of the hub.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers['Content-Length'])
            body = self.rfile.read(size).decode()
            self._send(_answer(self.path, body, address, folder))

        def log_message(self, *_: object) -> None:
            """Keep requests out of the tests' output."""

        def _send(self, answer: dict) -> None:
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header('Content-Type', 'application/json')
            self.send_header('Content-Length', str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with serve(Handler) as address:
        yield address


def _answer(path: str, body: str, address: str, folder: Path) -> dict:
    """Return the answer to a request, after its effect."""
    if path == '/api/repos/create':
        return dict(url=f'{address}/user/name', name='user/name')
    if path == '/api/validate-yaml':
        return dict(errors=[], warnings=[])
    if '/preupload/' in path:
        files = [
            dict(path=f['path'], uploadMode='regular', shouldIgnore=False)
            for f in json.loads(body)['files']
        ]
        return dict(files=files)
    for line in map(json.loads, body.splitlines()):
        if line['key'] == 'file':
            target = folder / line['value']['path']
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(base64.b64decode(line['value']['content']))
    oid = '0' * 40
    return dict(commitUrl=f'{address}/user/name/commit/{oid}', commitOid=oid)
