# Copyright (c) clipbert_mm contributors.
"""Web servers on this machine."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serve(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Answer requests until the block ends.

    Args:
        handler (Callable[..., BaseHTTPRequestHandler]): Makes the handler of
            a request.

    Yields:
        str: Address of the server, without a slash at its end.
    """
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        # The default interval, half a second, would delay the shutdown.
        thread = threading.Thread(
            target=server.serve_forever, args=(0.01,), daemon=True
        )
        thread.start()
        try:
            yield f'http://127.0.0.1:{server.server_port}'
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serve_nothing() -> Iterator[tuple[str, list[str]]]:
    """Answer every request with 404 until the block ends.

    Yields:
        tuple[str, list[str]]: Address of the server, and the paths that it
        has been asked for.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            """Keep requests out of the tests' output."""

    with serve(Handler) as address:
        yield address, asked
