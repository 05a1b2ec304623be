# Copyright (c) clipbert_mm contributors.
"""Pretraining: losses against naive loops, and masked words."""

import pytest
import torch
from mmaction.structures import ActionDataSample

from clipbert_mm.models import PretrainTask
from tests.toolbox.task_cases import task_output
from tests.toolbox.tiny_models import BERT, fixed_init, samples

IGNORED = -100


def pretrain_samples() -> list[ActionDataSample]:
    labels = [
        [[IGNORED, 4, IGNORED, 7], [IGNORED, IGNORED, 3, IGNORED]],
        [[IGNORED, IGNORED, IGNORED], [9, IGNORED, IGNORED]],
    ]
    result = samples([[1, 0], [0, 1]])
    for sample, label in zip(result, labels):
        sample.set_field(torch.tensor(label), 'mlm_labels')
    return result


@pytest.mark.parametrize(
    'average, on_negatives',
    [('masked', True), ('masked', False), ('all', True)],
)
def test_pretrain_task__losses_by_a_naive_loop(
    average: str, on_negatives: bool
) -> None:
    torch.manual_seed(0)
    task = fixed_init(
        PretrainTask(
            BERT,
            mlm_average=average,
            max_txt_len=9,
            mlm_on_negatives=on_negatives,
        )
    )
    # N=2, M=2, C=3, L=5 (the batch's longest), D=8
    states, logits = torch.randn(2, 2, 3, 5, 8), torch.randn(2, 2, 2)
    out = task_output(logits, states)
    losses = task.loss(out, pretrain_samples())
    total, count = 0.0, 0
    for i, sample in enumerate(pretrain_samples()):
        for j in range(2):
            if sample.text_labels[j] == 0 and not on_negatives:
                continue
            for pos, word in enumerate(sample.mlm_labels[j].tolist()):
                if word == IGNORED:
                    continue
                count += 1
                for clip in range(3):
                    scores = task.mlm(
                        states[i, j, clip, pos], out.word_embeddings
                    )
                    total -= scores.log_softmax(-1)[word].item() / 3
    divisor = count if average == 'masked' else 2 * 2 * 9
    assert losses['loss_mlm'].item() == pytest.approx(
        total / divisor, rel=1e-5
    )
    flat = logits.flatten(0, 1).log_softmax(-1)
    naive = -(flat[0, 1] + flat[1, 0] + flat[2, 0] + flat[3, 1]) / 4
    torch.testing.assert_close(losses['loss_itm'], naive)


def test_pretrain_task__nothing_masked_is_zero_with_a_graph() -> None:
    task = fixed_init(PretrainTask(BERT))
    batch = samples([[1], [0]])
    for sample in batch:
        sample.set_field(torch.full((1, 5), IGNORED), 'mlm_labels')
    states = torch.randn(2, 1, 1, 5, 8, requires_grad=True)
    loss = task.loss(task_output(torch.zeros(2, 1, 2), states), batch)[
        'loss_mlm'
    ]
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is not None for p in task.parameters())


def test_pretrain_task__predicts_the_masked_words() -> None:
    task = fixed_init(PretrainTask(BERT))
    states = torch.randn(
        2, 2, 3, 5, 8, generator=torch.Generator().manual_seed(1)
    )
    out = task_output(torch.zeros(2, 2, 2), states)
    first, second = task.predict(out, pretrain_samples())
    scores = task.mlm(states, out.word_embeddings).mean(2)  # (N, M, L, V)
    best = scores.argmax(-1)
    assert first.mlm_pred.tolist() == [
        best[0, 0, 1].item(),
        best[0, 0, 3].item(),
        best[0, 1, 2].item(),
    ]
    assert second.mlm_pred.tolist() == [best[1, 1, 0].item()]


def test_pretrain_task__items_without_masked_tokens() -> None:
    batch = samples([[1]])
    states = torch.zeros(1, 1, 1, 5, 16)
    with pytest.raises(KeyError, match="'mlm_labels'.*MaskTokens"):
        PretrainTask(BERT).loss(
            task_output(torch.zeros(1, 1, 2), states), batch
        )


def test_pretrain_task__without_mlm_has_no_parameters() -> None:
    assert not list(PretrainTask(BERT, with_mlm=False).parameters())


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(mlm_average='sum'), "'masked', 'all'.*'sum'"),
        (dict(mlm_average='all'), 'max_txt_len'),
    ],
)
def test_pretrain_task__wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PretrainTask(BERT, **options)
