# Copyright (c) clipbert_mm contributors.
"""Low-rank adapters: what trains, what stays, what is merged and loaded."""

import copy
from typing import Any

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from clipbert_mm.engine import ClipBERTOptimWrapperConstructor
from clipbert_mm.models.lora import add_lora
from tests.toolbox.small_image_text import (
    OPTIONS,
    frames_and_texts,
)
from tests.toolbox.tiny_models import (
    clipbert_config,
    samples,
    tiny_clipbert,
    tiny_inputs,
)

pytest.importorskip('peft', reason='the extra lora is not installed')

LABELS = [[1, 0, 0, 0], [0, 0, 1, 0]]
# Two matrices, each (2, 8) and (8, 2), of queries and values in two layers.
ADAPTERS = 2 * 2 * (2 * 8 + 8 * 2)


def adapted(**lora: Any) -> Any:
    """The model of :func:`tiny_clipbert`, with adapters of rank 2."""
    torch.manual_seed(0)
    model = MODELS.build(clipbert_config() | dict(lora={'r': 2, **lora}))
    model.load_state_dict(tiny_clipbert().state_dict())
    return model


def optimizer_of(model: nn.Module) -> OptimWrapper:
    return ClipBERTOptimWrapperConstructor(
        dict(optimizer=dict(type='AdamW', lr=0.01, weight_decay=0.1))
    )(model)


def train(model: Any, optimizer: OptimWrapper, steps: int = 2) -> None:
    for _ in range(steps):
        losses = model(tiny_inputs(), samples(LABELS), mode='loss')
        optimizer.update_params(sum(losses.values()))


def output(model: nn.Module) -> Tensor:
    # PyTorch chooses kernels by which weights have gradients.
    with torch.no_grad():
        return copy.deepcopy(model).requires_grad_(False)(tiny_inputs())


def of_head(model: nn.Module, trains: bool) -> dict[str, Tensor]:
    return {
        name: param.detach().clone()
        for name, param in model.head.named_parameters()
        if param.requires_grad == trains
    }


def test_lora__initial_output_is_that_of_the_plain_model() -> None:
    model = tiny_clipbert()
    plain = output(model)
    add_lora(model.head)
    assert torch.equal(output(model), plain)


def test_lora__output_is_the_formula_of_the_paper() -> None:
    head = nn.Module()
    head.query = nn.Linear(3, 5)
    weight, bias = head.query.weight.clone(), head.query.bias.clone()
    add_lora(head, r=2, alpha=6)
    down = head.query.lora_A.default.weight
    up = head.query.lora_B.default.weight
    assert (up == 0).all()
    up.data.normal_()
    x = torch.randn(4, 3)
    expected = x @ (weight + 6 / 2 * up @ down).T + bias
    torch.testing.assert_close(head.query(x), expected)


def test_lora__only_adapters_and_chosen_parts_train() -> None:
    model = adapted(trained_modules=['classifier'])
    fixed, trained = of_head(model, False), of_head(model, True)
    assert sum(t.numel() for t in trained.values()) == ADAPTERS + sum(
        p.numel() for p in model.head.classifier.parameters()
    )
    train(model, optimizer_of(model))
    after = dict(model.head.named_parameters())
    assert all(torch.equal(after[name], fixed[name]) for name in fixed)
    for name, before in trained.items():
        assert not torch.equal(after[name], before), name
    assert not any(name.endswith('query.base_layer.bias') for name in trained)


def test_lora__the_rest_of_the_model_trains_as_without() -> None:
    model = adapted()
    train(model, optimizer_of(model), 1)
    before = tiny_clipbert().neck.conv.weight
    assert not torch.equal(model.neck.conv.weight, before)


def test_lora__parts_that_a_bert_lacks_train_by_default() -> None:
    roots = {n.partition('.')[0] for n in of_head(adapted(), True)}
    assert roots == {'bert', 'grid_embedding', 'classifier'}
    assert not any(
        'lora_' in n for n in of_head(adapted(trained_modules=[]), False)
    )


def test_lora__merged_output_is_the_unmerged() -> None:
    model = adapted()
    train(model, optimizer_of(model))
    model.eval()
    before = output(model)
    merged = copy.deepcopy(model)
    merged.merge_lora()
    torch.testing.assert_close(output(merged), before, rtol=1e-6, atol=1e-6)
    assert not torch.allclose(before, output(tiny_clipbert().eval()))
    plain = tiny_clipbert().eval()
    plain.load_state_dict(merged.state_dict())  # the same names
    assert torch.equal(output(plain), output(merged))


def test_merge_lora__changes_nothing_without_adapters() -> None:
    model = tiny_clipbert()
    before = copy.deepcopy(model.state_dict())
    model.merge_lora()
    after = model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_lora__a_resumed_training_goes_on_as_if_it_were_one() -> None:
    whole = adapted()
    optimizer = optimizer_of(whole)
    train(whole, optimizer)
    saved = copy.deepcopy((whole.state_dict(), optimizer.state_dict()))
    train(whole, optimizer)
    resumed = adapted()
    resumed.load_state_dict(saved[0])
    optimizer = optimizer_of(resumed)
    optimizer.load_state_dict(saved[1])
    train(resumed, optimizer)
    expected = whole.state_dict()
    for name, value in resumed.state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_lora__checkpoint_with_adapters_needs_a_model_with_them() -> None:
    state = adapted().state_dict()
    with pytest.raises(ValueError, match='Set model.lora as in its training'):
        tiny_clipbert().load_state_dict(state)
    with pytest.raises(ValueError, match=r'\(2, 8\) in the checkpoint'):
        adapted(r=3).load_state_dict(state)


@pytest.mark.parametrize(
    'lora, message',
    [
        (dict(r=0), 'lora.r must be an integer >= 1'),
        (dict(alpha='x'), "lora.alpha must be a finite number, but got 'x'"),
        (dict(dropout=2), 'lora.dropout must be in'),
        (dict(target_modules='query'), "list of names, but got 'query'"),
        (dict(target_modules=['query', 'kwery']), r"has \['kwery'\]"),
        (dict(target_modules=['LayerNorm']), 'is a LayerNorm'),
        (dict(trained_modules=['itm_head']), r"has \['itm_head'\]"),
        (dict(rank=3), "'rank'"),
    ],
)
def test_lora__wrong_options(lora: dict, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        adapted(**lora)


@pytest.mark.parametrize(
    'kind, backbone, head',
    [
        ('blip', {}, 'BlipMatchingHead'),
        ('blip', dict(output='first'), 'DualEncoderHead'),
        ('clip', dict(output='pooled'), 'DualEncoderHead'),
        ('siglip', dict(output='pooled'), 'DualEncoderHead'),
        ('vilt', dict(type='ViltPatches'), 'ViltHead'),
    ],
)
def test_lora__in_the_heads_of_image_text_models(
    kind: str, backbone: dict, head: str
) -> None:
    options = OPTIONS[kind]
    model: Any = MODELS.build(
        dict(
            type='ClipBERT',
            backbone={'type': 'TransformersVision', 'model': options}
            | backbone,
            neck=dict(
                type='TokenFusion', out_channels=24 if kind == 'vilt' else 20
            ),
            head=dict(type=head, model=options),
            consensus=dict(type='ConsensusAggregator', aggregation='mean'),
            task=dict(
                type='RetrievalTask',
                loss_type='ce' if head == 'BlipMatchingHead' else 'rank',
            ),
            frozen_backbone=True,
            lora=dict(r=2),
        )
    ).eval()
    frames, ids, mask = frames_and_texts()
    inputs = dict(
        imgs=frames[:, None, :, None],
        input_ids=ids[:, None],
        attention_mask=mask[:, None],
    )
    merged = copy.deepcopy(model)
    merged.merge_lora()
    with torch.no_grad():
        plain = merged(inputs)
        assert torch.equal(model(inputs), plain)
    trained = [n for n, p in model.named_parameters() if p.requires_grad]
    own = [n for n in trained if 'lora_' not in n]
    assert all(n.startswith('head.classifier') for n in own)
    for name, param in model.named_parameters():
        if 'lora_B' in name:
            param.data.normal_(std=0.5)
    adapted_output = model(inputs)
    assert not torch.allclose(adapted_output, plain)
    model.merge_lora()
    torch.testing.assert_close(model(inputs), adapted_output)
    assert list(model.state_dict()) == list(merged.state_dict())
