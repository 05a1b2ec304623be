# Copyright (c) clipbert_mm contributors.
"""Memory of this process, as Linux counts it."""

from pathlib import Path


def resident_bytes(kind: str) -> int:
    """Return the memory of this process.

    Args:
        kind (str): ``'VmRSS'``, the current memory, or ``'VmHWM'``, its peak.

    Returns:
        int: Bytes.

    Raises:
        OSError: If the system is not Linux.
    """
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith(f'{kind}:'):
            return int(line.split()[1]) * 1024
    raise OSError(f'/proc/self/status has no {kind}: this needs Linux.')
