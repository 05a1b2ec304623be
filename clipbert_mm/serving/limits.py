# Copyright (c) clipbert_mm contributors.
"""Limits of what a request may ask for."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ServiceLimits:
    """Limits of a service; what is above them is refused.

    Args:
        body_bytes (int): Bytes of the body of a request. Defaults to 64 KiB.
        query_characters (int): Characters of a query. Defaults to 1000.
        results (int): Videos of an answer. Defaults to 100.
        documents (int): Documents to rerank. Defaults to 1000.
        waiting (int): Requests that wait for the model. Defaults to 128.
        moment_seconds (float): Duration of a moment that is cut out, seconds.
            Defaults to 60.
        moments (int): Cut moments that are kept. Defaults to 100.
    """

    body_bytes: int = 64 << 10
    query_characters: int = 1000
    results: int = 100
    documents: int = 1000
    waiting: int = 128
    moment_seconds: float = 60.0
    moments: int = 100
