# Copyright (c) clipbert_mm contributors.
"""Tests of running a service; tests/end_to_end/test_serving.py uses one."""

import socket

import pytest

from clipbert_mm.serving import LibraryService
from clipbert_mm.serving.running import serve_forever


def test_serve__address_in_use(service: LibraryService) -> None:
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match='in use'):
            serve_forever(service, '127.0.0.1', port)
