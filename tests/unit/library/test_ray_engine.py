# Copyright (c) clipbert_mm contributors.
"""Tests of the division of a cluster; tests/end_to_end/test_ray.py has one."""

import pytest

from clipbert_mm.library.ray_engine import Actors, plan_actors


@pytest.mark.parametrize(
    'cluster, workers, planned',
    [
        ((2, 0), 0, Actors(1, 1, 'num_cpus')),
        ((16, 0), 0, Actors(15, 1, 'num_cpus')),
        ((16, 0), 4, Actors(4, 1, 'num_cpus')),
        ((16, 2), 0, Actors(16, 2, 'num_gpus')),
        ((1, 1), 1, Actors(1, 1, 'num_gpus')),
    ],
)
def test_plan__leaves_a_place_for_every_actor(
    cluster: tuple[int, int], workers: int, planned: Actors
) -> None:
    cpus, gpus = cluster
    assert plan_actors(cpus, gpus, workers) == planned
    used = planned.decoders + planned.encoders * (planned.unit == 'num_cpus')
    assert used <= cpus


@pytest.mark.parametrize(
    'cluster, workers, message',
    [
        ((1, 0), 0, '1 actors that decode and one that encodes need a CPU'),
        ((4, 0), 4, '4 actors that decode and one that encodes .* has 4'),
        ((0, 8), 0, '1 actors that decode need a CPU each, .* has 0'),
    ],
)
def test_plan__refuses_what_would_wait_for_ever(
    cluster: tuple[int, int], workers: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        plan_actors(*cluster, workers)
