# Copyright (c) clipbert_mm contributors.
"""Image-text pretraining equals the reference."""

import pytest
import torch
from torch import Tensor

from tests.parity.helpers import OutputRecorder, assert_close, make_batch
from tests.toolbox import reference_data


def make_pretrain_batch(model) -> dict:
    return make_batch(
        model,
        'pretrain',
        text_labels=reference_data.tensor('pretrain/in_itm_labels'),
        mlm_labels=reference_data.tensor('pretrain/in_mlm_labels'),
    )


def losses_of(model, **options) -> dict[str, Tensor]:
    """Return the losses with changed options of the task."""
    before = {name: getattr(model.task, name) for name in options}
    for name, value in options.items():
        setattr(model.task, name, value)
    try:
        with torch.no_grad():
            return model(**make_pretrain_batch(model), mode='loss')
    finally:
        for name, value in before.items():
            setattr(model.task, name, value)


def naive_mlm_loss(keep: Tensor) -> float:
    """Average the stored losses of the kept masked tokens."""
    labels = reference_data.tensor('pretrain/in_mlm_labels')
    losses = reference_data.tensor('pretrain/mlm_loss').view(labels.shape)
    kept = [
        losses[row, col].item()
        for row in range(labels.shape[0])
        for col in range(labels.shape[1])
        if labels[row, col] != -100 and keep[row]
    ]
    return sum(kept) / len(kept)


def test_pretrain__scores_and_hidden_states(load_reference_model):
    model = load_reference_model('pretrain')
    batch = make_pretrain_batch(model)
    names = ['head.grid_embedding', 'head.bert.pooler', 'task.mlm']
    with OutputRecorder(model, names) as outputs, torch.no_grad():
        logits = model(batch['inputs'], mode='tensor')
        model(**batch, mode='loss')
    assert_close(logits.flatten(0, 2), 'pretrain/itm_scores', 1e-5)
    visual = outputs.calls['head.grid_embedding'][0].flatten(0, 1)
    assert_close(
        visual.repeat_interleave(2, 0), 'pretrain/visual_embeddings', 3e-5
    )
    pooled = outputs.calls['head.bert.pooler'][0]
    assert_close(pooled, 'pretrain/pooled_output', 1e-5)
    scores = outputs['task.mlm']  # (masked, clips, vocabulary)
    assert_close(scores[:, 0], 'pretrain/mlm_scores_at_labels', 1e-5)


def test_pretrain__losses_in_the_form_of_the_reference(load_reference_model):
    losses = losses_of(load_reference_model('pretrain'), mlm_average='all')
    expected = dict(
        loss_itm=reference_data.array('pretrain/itm_loss').mean(),
        loss_mlm=reference_data.array('pretrain/mlm_loss').mean(),
    )
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value, abs=1e-5)
    total = reference_data.array('pretrain/train_scalar')
    assert sum(losses.values()).item() == pytest.approx(total, abs=1e-5)


def test_pretrain__default_averages_over_masked_tokens(load_reference_model):
    losses = losses_of(load_reference_model('pretrain'), mlm_average='masked')
    expected = naive_mlm_loss(torch.ones(4))
    assert losses['loss_mlm'].item() == pytest.approx(expected, abs=1e-5)
    stored = reference_data.array('pretrain/valid_mlm_loss_per_masked_token')
    assert losses['loss_mlm'].item() == pytest.approx(stored, abs=1e-5)


def test_pretrain__without_mlm_on_negatives(load_reference_model):
    losses = losses_of(
        load_reference_model('pretrain'),
        mlm_average='masked',
        mlm_on_negatives=False,
    )
    matches = reference_data.tensor('pretrain/in_itm_labels')
    expected = naive_mlm_loss(matches)
    assert losses['loss_mlm'].item() == pytest.approx(expected, abs=1e-5)
    assert abs(expected - naive_mlm_loss(torch.ones(4))) > 1e-3


def test_pretrain__decoder_is_tied(load_reference_model):
    model = load_reference_model('pretrain')
    assert not any('decoder' in name for name in model.state_dict())
    states = torch.eye(64)[:3]
    with torch.no_grad():
        scores = model.task.mlm(states, model.head.word_embeddings)
        hidden = model.task.mlm.transform(states)
    state = reference_data.official_state_dict('pretrain')
    prefix = 'transformer.cls.predictions.'
    expected = (
        hidden @ state[f'{prefix}decoder.weight'].T
        + state[f'{prefix}decoder.bias']
    )
    torch.testing.assert_close(scores, expected, rtol=0, atol=1e-5)
