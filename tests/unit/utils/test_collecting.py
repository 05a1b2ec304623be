# Copyright (c) clipbert_mm contributors.
"""Tests of pauses of the garbage collection."""

import gc
import weakref

import pytest

from clipbert_mm.utils.collecting import no_collection
from tests.toolbox.processes import run_python


class Node:
    """An object that refers to itself, which only the collector frees."""

    def __init__(self) -> None:
        self.itself = self


def test_no_collection__keeps_garbage_until_it_ends() -> None:
    gc.collect()
    with no_collection():
        garbage = weakref.ref(Node())
        nodes = [[] for _ in range(10 * gc.get_threshold()[0])]
        assert garbage() is not None
    nodes += [[] for _ in range(10 * gc.get_threshold()[0])]
    assert garbage() is None


def test_no_collection__restores_what_was() -> None:
    with pytest.raises(KeyError), no_collection():
        raise KeyError
    assert gc.isenabled()
    with no_collection():
        with no_collection():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


@pytest.mark.slow
def test_apis__import_leaves_the_collector_on() -> None:
    code = (
        'import gc, clipbert_mm.apis; assert gc.isenabled(); '
        'print(sum(s["collections"] for s in gc.get_stats()[2:]))'
    )
    result = run_python('-c', code)
    assert (result.returncode, result.stdout) == (0, '0\n'), result.stderr
