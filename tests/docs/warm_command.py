# Copyright (c) clipbert_mm contributors.
"""The command ``clipbert-mm`` without the seconds of a start.

Pages call it dozens of times, and each start imports PyTorch, transformers and
the host. Here a process has imported them, and each call is a fork of it, with
the arguments, streams, folder and environment of the call.
"""

import atexit
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NoReturn

from tests.toolbox.paths import ROOT

# Environment under which the process imports.
ENVIRONMENT = dict(
    PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1', HF_HUB_OFFLINE='1'
)
CALL = """#!{python} -SE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    call = json.dumps([sys.argv, os.getcwd(), dict(os.environ)])
    socket.send_fds(server, [call.encode()], [0, 1, 2])
    server.shutdown(socket.SHUT_WR)
    os._exit(server.recv(1)[0])
"""
_MESSAGE = 1 << 20  # bytes of a call


@functools.cache
def command_folder() -> Path:
    """Start the process, which ends with this one.

    Returns:
        Path: Folder of ``clipbert-mm``, for the front of ``$PATH``.
    """
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    address = str(folder / 'socket')
    command = folder / 'clipbert-mm'
    command.write_text(CALL.format(python=sys.executable, address=address))
    command.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, '-m', __name__, address],
        env={**os.environ, **ENVIRONMENT},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # not held open
    )
    atexit.register(process.kill)
    assert process.stdout is not None
    assert process.stdout.readline() == b'listening\n'
    return folder


def serve(address: str) -> None:
    """Answer calls, one after another, as long as the parent process lives.

    Args:
        address (str): Path of the socket.
    """
    import clipbert_mm.apis  # noqa: F401  (what takes seconds)

    parent = os.getppid()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        listener.settimeout(1)
        os.write(1, b'listening\n')
        while os.getppid() == parent:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                call, streams, *_ = socket.recv_fds(connection, _MESSAGE, 3)
                if os.fork() == 0:
                    run(call, streams)
                for stream in streams:
                    os.close(stream)
                status = os.waitstatus_to_exitcode(os.wait()[1])
                connection.sendall(bytes([status % 256]))


def run(call: bytes, streams: list[int]) -> NoReturn:
    """Run a call in this process, and end it.

    Args:
        call (bytes): Arguments, folder and environment, in JSON.
        streams (list[int]): Input, output and error.
    """
    from clipbert_mm.cli.main import main

    status = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        sys.stdin, sys.stdout, sys.stderr = map(os.fdopen, (0, 1, 2), 'rww')
        sys.argv, folder, environment = json.loads(call)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else bool(end.code)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == '__main__':
    serve(sys.argv[1])
