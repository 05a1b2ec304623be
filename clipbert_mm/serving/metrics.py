# Copyright (c) clipbert_mm contributors.
"""Counters of a service, in the text format of Prometheus."""

import threading
from collections import Counter


class Metrics:
    """Requests by route and status, and the seconds that they took.

    Example:
        >>> metrics = Metrics()
        >>> metrics.add('/healthz', 200, 0.5)
        >>> print(metrics.text(dict(videos=3)))
        clipbert_requests_total{route="/healthz",status="200"} 1
        clipbert_request_seconds_total{route="/healthz"} 0.500000
        clipbert_videos 3
        <BLANKLINE>
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._seconds: Counter[str] = Counter()

    def add(self, route: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            route (str): Pattern of its address.
            status (int): Status of the answer.
            seconds (float): Time that it took.
        """
        with self._lock:
            self._requests[route, status] += 1
            self._seconds[route] += seconds  # type: ignore[assignment]

    def text(self, gauges: dict[str, float]) -> str:
        """Return all counters.

        Args:
            gauges (dict[str, float]): Further values by name.

        Returns:
            str: Lines of Prometheus.
        """
        with self._lock:
            lines = [
                f'clipbert_requests_total{{route="{route}",'
                f'status="{status}"}} {number}'
                for (route, status), number in sorted(self._requests.items())
            ]
            lines += [
                f'clipbert_request_seconds_total{{route="{route}"}} '
                f'{seconds:.6f}'
                for route, seconds in sorted(self._seconds.items())
            ]
        lines += [f'clipbert_{name} {value}' for name, value in gauges.items()]
        return '\n'.join(lines) + '\n'
