# Copyright (c) clipbert_mm contributors.
"""Memory of a process, as Linux counts it."""

from pathlib import Path


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
