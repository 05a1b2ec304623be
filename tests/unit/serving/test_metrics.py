# Copyright (c) clipbert_mm contributors.
"""Tests of counters."""

from clipbert_mm.serving.metrics import Metrics


def test_metrics__add_up() -> None:
    metrics = Metrics()
    for status in (200, 200, 400):
        metrics.add('/a', status, 0.25)
    assert metrics.text(dict(clips=7)).splitlines() == [
        'clipbert_requests_total{route="/a",status="200"} 2',
        'clipbert_requests_total{route="/a",status="400"} 1',
        'clipbert_request_seconds_total{route="/a"} 0.750000',
        'clipbert_clips 7',
    ]
