# Copyright (c) clipbert_mm contributors.
"""Tests of what replicas are given; tests/end_to_end/test_ray.py runs them."""

import os
from pathlib import Path

import pytest

from clipbert_mm.library import LibraryError, VideoLibrary
from clipbert_mm.serving.ray_serving import Replica, plan_replica

GPU = dict(num_cpus=0, num_gpus=1)
CPU = dict(num_cpus=1, num_gpus=0)


@pytest.mark.parametrize(
    'cluster, replicas, device, planned',
    [
        (dict(CPU=2.0), 1, None, CPU),
        (dict(CPU=2.0), 2, 'cpu', CPU),
        (dict(CPU=16.0, GPU=2.0), 2, None, GPU),
        (dict(CPU=16.0, GPU=2.0), 16, 'cpu', CPU),
    ],
)
def test_plan__has_a_place_for_every_replica(
    cluster: dict[str, float],
    replicas: int,
    device: str | None,
    planned: dict[str, float],
) -> None:
    own = Replica('index', device=device)
    assert plan_replica(cluster, replicas, own) == planned


@pytest.mark.parametrize(
    'cluster, message',
    [
        (dict(CPU=2.0), '3 replicas need a CPU each, but the cluster has 2'),
        (dict(CPU=9.0, GPU=2.0), '3 replicas need a GPU each, .* has 2'),
        ({}, '3 replicas need a CPU each, .* has 0'),
    ],
)
def test_plan__refuses_what_would_wait_for_ever(
    cluster: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        plan_replica(cluster, 3, Replica('index'))


def test_replica__serves_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('lancedb', reason='the extra search is missing')
    monkeypatch.chdir(tmp_path)
    VideoLibrary.create('index', clips=1)
    os.mkdir('exported')
    checked = Replica('index', 'exported', qa_model='demo-qa').checked()
    assert checked == Replica(
        str(tmp_path / 'index'),
        str(tmp_path / 'exported'),
        qa_model='demo-qa',
    )
    library = VideoLibrary('index')
    assert library.store.find_table('feedback') is not None
    assert Replica('index').checked().model == 'demo'
    routes = Replica('index', device='cpu').checked().app(['localhost']).routes
    assert '/v1/rerank' in {route.path for route in routes}
    with pytest.raises(LibraryError, match='there is no index in'):
        Replica('other').checked()
