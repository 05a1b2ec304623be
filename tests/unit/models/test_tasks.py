# Copyright (c) clipbert_mm contributors.
"""Losses of retrieval and pretraining against naive loops."""

import pytest
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor

from clipbert_mm.models import PretrainTask, RetrievalTask
from clipbert_mm.models.tasks import ModelOutput
from clipbert_mm.models.tasks.retrieval_task import rank_loss
from tests.toolbox.tiny_models import BERT, fixed_init, samples

IGNORED = -100


def output(logits: Tensor, states: Tensor = None) -> ModelOutput:
    words = torch.sin(torch.arange(20 * 8.0)).view(20, 8)
    return ModelOutput(logits, states, words)


def test_rank_loss__several_own_captions_by_a_naive_loop() -> None:
    scores = torch.tensor([[0.9, 0.8, 0.3, 0.75], [0.2, 0.5, 0.6, 0.1]])
    labels = torch.tensor([[1, 0, 1, 0], [1, 1, 0, 0]])
    terms = []
    for video in range(2):
        for own in range(4):
            for other in range(4):
                if labels[video, own] == 1 and labels[video, other] == 0:
                    terms.append(
                        max(
                            0.0,
                            0.2
                            + scores[video, other].item()
                            - scores[video, own].item(),
                        )
                    )
    assert rank_loss(scores, labels, 0.2).item() == pytest.approx(
        sum(terms) / len(terms)
    )


def test_rank_loss__a_leading_own_caption_costs_nothing() -> None:
    scores = torch.tensor([[0.9, 0.1, 0.2]])
    assert rank_loss(scores, torch.tensor([[1, 0, 0]]), 0.2) == 0


def test_retrieval_task__scores() -> None:
    logits = torch.tensor([[[0.0, 1.0], [2.0, -1.0]]])
    (sample,) = RetrievalTask().predict(output(logits), samples([[1, 0]]))
    expected = [1 / (1 + 2.718281828**-1), 1 / (1 + 2.718281828**3)]
    assert sample.match_score.tolist() == pytest.approx(expected)
    (sample,) = RetrievalTask('rank').predict(
        output(logits[..., :1]), samples([[1, 0]])
    )
    assert sample.match_score.tolist() == pytest.approx(
        [0.5, 1 / (1 + 2.718281828**-2)]
    )


def test_retrieval_task__missing_labels() -> None:
    sample = ActionDataSample(metainfo=dict(video_id='video7'))
    with pytest.raises(KeyError, match='video7.*text_labels'):
        RetrievalTask().loss(output(torch.zeros(1, 2, 2)), [sample])


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
    out = output(logits, states)
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
    loss = task.loss(output(torch.zeros(2, 1, 2), states), batch)['loss_mlm']
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is not None for p in task.parameters())


def test_pretrain_task__predicts_the_masked_words() -> None:
    task = fixed_init(PretrainTask(BERT))
    states = torch.randn(
        2, 2, 3, 5, 8, generator=torch.Generator().manual_seed(1)
    )
    out = output(torch.zeros(2, 2, 2), states)
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
        PretrainTask(BERT).loss(output(torch.zeros(1, 1, 2), states), batch)


def test_pretrain_task__without_mlm_has_no_parameters() -> None:
    assert not list(PretrainTask(BERT, with_mlm=False).parameters())


@pytest.mark.parametrize(
    'build, message',
    [
        (lambda: RetrievalTask('triplet'), "'ce', 'rank'.*'triplet'"),
        (
            lambda: PretrainTask(BERT, mlm_average='sum'),
            "'masked', 'all'.*'sum'",
        ),
        (lambda: PretrainTask(BERT, mlm_average='all'), 'max_txt_len'),
        (lambda: RetrievalTask('rank', margin=2.0), 'got 2.0'),
    ],
)
def test_tasks__wrong_options(build: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
