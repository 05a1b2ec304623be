# Copyright (c) clipbert_mm contributors.
"""Tests of the queue before the model."""

import threading
import time

import pytest

from clipbert_mm.serving.errors import RequestError
from clipbert_mm.serving.model_queue import ModelQueue


def test_queue__one_at_a_time() -> None:
    queue = ModelQueue(waiting=20)
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with queue.turn():
            inside += 1
            most = max(most, inside)
            time.sleep(0.002)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, queue.length) == (1, 0)


def test_queue__refuses_more_than_wait() -> None:
    queue = ModelQueue(waiting=0)
    with (
        queue.turn(),
        pytest.raises(RequestError, match='1 requests wait') as caught,
        queue.turn(),
    ):
        pass
    assert caught.value.status == 503
    with queue.turn():  # it is free again
        pass


def test_queue__is_free_after_an_error() -> None:
    queue = ModelQueue(waiting=0)
    with pytest.raises(KeyError), queue.turn():
        raise KeyError
    assert queue.length == 0
