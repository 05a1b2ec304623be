# Copyright (c) clipbert_mm contributors.
"""The training step: one pass for all clips, equal to the looped form."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import Tensor
from torch._dynamo import register_backend
from torch._dynamo.testing import CompileCounterWithBackend

from clipbert_mm import config_file
from tests.toolbox.shrink import make_corpus, shrink
from tests.toolbox.tiny_models import samples, tiny_clipbert, tiny_inputs
from tools.benchmarks.training import gradients, sides

LABELS = [[1, 0, 0, 0], [0, 1, 0, 0]]


@pytest.fixture
def fresh_compiler() -> Iterator[None]:
    """Compile as a process that has compiled nothing yet."""
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def test_training_step__one_pass_for_all_clips_and_texts() -> None:
    model = tiny_clipbert().train()
    seen: dict[str, list] = {}
    parts = dict(
        backbone=model.backbone,
        layer=model.head.bert['encoder'].layer[0].intermediate,
        texts=model.head.bert['embeddings'],
        grids=model.head.grid_embedding,
    )
    for name, part in parts.items():
        part.register_forward_pre_hook(
            lambda _, args, name=name: seen.setdefault(name, []).append(
                tuple(args[0].shape)
            )
        )
    model.loss(tiny_inputs(), samples(LABELS))
    videos, clips, texts, frames, length, cells = 2, 3, 4, 2, 5, 4
    assert seen == dict(
        backbone=[(videos * clips * frames, 3, 32, 32)],
        layer=[(videos * clips * texts, length + cells, 8)],
        texts=[(videos * texts, length)],
        grids=[(videos, clips, 2, 2, 8)],
    )


def test_training_step__channels_last_frames_are_not_copied() -> None:
    model = tiny_clipbert().train()
    inputs = tiny_inputs()
    memory = inputs['imgs'].permute(0, 1, 3, 4, 5, 2).contiguous()
    inputs['imgs'] = memory.permute(0, 1, 5, 2, 3, 4)
    seen: list[Tensor] = []
    model.backbone.register_forward_pre_hook(
        lambda _, args: seen.append(args[0])
    )
    model.loss(inputs, samples(LABELS))
    assert seen[0].data_ptr() == memory.data_ptr()
    assert seen[0].is_contiguous(memory_format=torch.channels_last)


def test_training_step__equals_the_looped_form() -> None:
    """Clip by clip, plain norms, eager attention, texts padded in full."""
    sizes = sides.Sizes(2, 3, 2, 2, 64, 20)
    steps = sides.make_steps(sizes, 'cpu', quick=True)
    found = {}
    for side, step in steps.items():
        step.model.double()
        frames = step.batch.inputs['imgs'].double()
        step.batch = step.batch._replace(
            inputs=dict(step.batch.inputs, imgs=frames)
        )
        found[side] = gradients.gradients(step)
    ours = found.pop(sides.OURS)
    assert ours['backbone.res3.0.conv1.weight'].abs().sum() > 0
    for side, others in found.items():
        assert gradients.largest_difference(ours, others) < 1e-7, side


def test_largest_difference__of_values_and_of_what_is_trained() -> None:
    one = dict(a=torch.tensor([3.0, 4.0]))
    other = dict(a=torch.tensor([3.0, 4.5]))
    assert gradients.largest_difference(other, one) == pytest.approx(0.5 / 5)
    with pytest.raises(ValueError, match=r"\['b'\]"):
        gradients.largest_difference(one, dict(one, b=one['a']))


def test_training_step__fused_adamw_equals_the_plain_one() -> None:
    optimizer = Config.fromfile(config_file('clipbert_msrvtt_ret'))
    options = dict(optimizer.optim_wrapper.optimizer, lr=1e-2)
    assert options.pop('type') == 'AdamW'
    assert options['fused'] is True
    results = []
    for fused in (True, False):
        torch.manual_seed(0)
        weights = [torch.randn(3, 4).requires_grad_() for _ in range(2)]
        adamw = torch.optim.AdamW(weights, **dict(options, fused=fused))
        for step in range(5):
            for weight in weights:
                weight.grad = (weight.detach() + step).sin()
            adamw.step()
        results.append(weights)
    for fused_weight, weight in zip(*results):
        torch.testing.assert_close(fused_weight, weight)


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


@pytest.mark.slow
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


@pytest.mark.slow
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
