# Copyright (c) clipbert_mm contributors.
"""Run a service with uvicorn."""

import socket
from collections.abc import Callable, Sequence

from clipbert_mm.utils.extras import import_extra

from .app import LOCAL_HOSTS, make_app
from .service import LibraryService

# Connections beyond which uvicorn answers 503.
_CONNECTIONS = 512


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket of an address that no other program listens on.

    Args:
        host (str): Address of this machine.
        port (int): Port; 0 for a free one.

    Returns:
        socket.socket: The socket, which the caller closes.

    Raises:
        OSError: If the address is in use.

    Example:
        >>> with bound_socket('127.0.0.1', 0) as free:
        ...     free.getsockname()[1] > 0
        True
    """
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def serve_forever(
    service: LibraryService,
    host: str,
    port: int,
    names: Sequence[str] = (),
    started: Callable[[str], None] | None = None,
) -> None:
    """Serve until the process is asked to end.

    Args:
        service (LibraryService): The service.
        host (str): Address that is listened on.
        port (int): Port; 0 for a free one.
        names (Sequence[str]): Further names of this machine.
            Defaults to ``()``.
        started (Callable[[str], None] | None): Called with the address once
            it is listened on. Defaults to None.

    Raises:
        ImportError: If uvicorn is not installed.
        OSError: If the address is in use.
    """
    uvicorn = import_extra('uvicorn', 'web')
    with bound_socket(host, port) as listener:
        listener.listen()  # connections wait from now on
        if started is not None:
            started(f'http://{host}:{listener.getsockname()[1]}/')
        config = uvicorn.Config(
            make_app(service, (*LOCAL_HOSTS, host, *names)),
            log_level='warning',
            limit_concurrency=_CONNECTIONS,
            http='h11',  # httptools, which Ray brings, has no such limits
            timeout_keep_alive=30,
            h11_max_incomplete_event_size=64 << 10,
            server_header=False,
        )
        uvicorn.Server(config).run(sockets=[listener])
