# Copyright (c) clipbert_mm contributors.
"""Tests of compiled training: equal weights, and few graphs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.runner import Runner
from torch import Tensor
from torch._dynamo import register_backend
from torch._dynamo.testing import CompileCounterWithBackend

from tests.toolbox.shrink import make_corpus, shrink
from tests.toolbox.tiny_models import samples, tiny_clipbert, tiny_inputs

pytestmark = pytest.mark.slow

LABELS = [[1, 0, 0, 0], [0, 1, 0, 0]]


@pytest.fixture
def fresh_compiler() -> Iterator[None]:
    """Compile as a process that has compiled nothing yet."""
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def train(corpus: Path, work_dir: Path, **options: Any) -> dict[str, Tensor]:
    """Weights before (``'before'``) and after an epoch of a real run."""
    cfg = shrink('clipbert_msrvtt_ret', corpus, work_dir=str(work_dir))
    cfg.merge_from_dict(dict(options, randomness=dict(seed=3)))
    cfg.log_level = 'WARNING'
    for split in ('val', 'test'):
        for part in ('cfg', 'dataloader', 'evaluator'):
            cfg[f'{split}_{part}'] = None
    cfg.train_cfg.pop('val_interval')
    cfg.default_hooks.checkpoint = None
    cfg.custom_hooks = [
        hook for hook in cfg.custom_hooks if hook.type != 'TextBankHook'
    ]
    runner = Runner.from_cfg(cfg)
    name = 'backbone.res3.0.conv1.weight'
    before = runner.model.state_dict()[name].clone()
    after = runner.train().state_dict()
    return dict(after, before=before)


@pytest.mark.usefixtures('fresh_compiler')
def test_compile__training_equals_one_without(tmp_path: Path) -> None:
    """CNN, neck and head are compiled, each as one whole graph."""
    counter = CompileCounterWithBackend('aot_eager')
    register_backend(counter, name='counted_aot_eager')
    folder = tmp_path / 'corpus'
    folder.mkdir()
    corpus = make_corpus(folder)
    plain = train(corpus, tmp_path / 'plain')
    assert counter.frame_count == 0
    compiled = train(
        corpus,
        tmp_path / 'compiled',
        compile=dict(backend='counted_aot_eager', fullgraph=True),
    )
    assert counter.frame_count == 3
    assert not torch.equal(
        plain['before'], plain['backbone.res3.0.conv1.weight']
    )
    assert plain.keys() == compiled.keys()
    for name, value in plain.items():
        torch.testing.assert_close(
            compiled[name], value, msg=lambda text, name=name: name + text
        )


@pytest.mark.usefixtures('fresh_compiler')
def test_compile__one_graph_for_all_lengths_of_texts_but_the_first() -> None:
    model = tiny_clipbert().train()
    counter = CompileCounterWithBackend('eager')
    model.compile_parts(backend=counter)
    counts = []
    for length in (5, 8, 16, 12):
        model.loss(tiny_inputs(length=length), samples(LABELS))
        counts.append(counter.frame_count)
    assert counts == [3, 4, 4, 4]
