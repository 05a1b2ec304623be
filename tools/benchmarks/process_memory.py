# Copyright (c) clipbert_mm contributors.
"""Memory of a process, as Linux counts it."""

import ctypes
from pathlib import Path

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of <malloc.h>


def resident_bytes(kind: str, process: int | None = None) -> int:
    """Return the memory of a process.

    Args:
        kind (str): ``'VmRSS'``, the current memory, or ``'VmHWM'``, its peak.
        process (int | None): Its number. Defaults to None: this process.

    Returns:
        int: Bytes.

    Raises:
        OSError: If the system is not Linux.
    """
    file = Path('/proc', str(process or 'self'), 'status')
    for line in file.read_text().splitlines():
        if line.startswith(f'{kind}:'):
            return int(line.split()[1]) * 1024
    raise OSError(f'{file} has no {kind}: this needs Linux.')


def return_freed_memory() -> None:
    """Let the C library return freed memory at once.

    The gaps that it would keep then do not count as memory of this process.
    """
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_THRESHOLD, 2**20)
    libc.mallopt(M_TRIM_THRESHOLD, 2**20)
