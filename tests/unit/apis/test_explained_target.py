# Copyright (c) clipbert_mm contributors.
"""Evidence of clips and answers, and answers that do not fit."""

from types import SimpleNamespace

import pytest
import torch

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.apis.explained_target import choose_target, clip_evidence
from clipbert_mm.models.consensus_aggregator import ConsensusAggregator
from clipbert_mm.models.tasks import (
    MultipleChoiceTask,
    OpenEndedQATask,
    RetrievalTask,
)

from .conftest import Trained


def core_of(task: object) -> SimpleNamespace:
    fuse = ConsensusAggregator('lse')
    return SimpleNamespace(model=SimpleNamespace(task=task, fuse_clips=fuse))


def test_clip_evidence__log_odds_and_logits() -> None:
    logits = torch.randn(2, 3, 4, 2)
    odds = clip_evidence(core_of(RetrievalTask()), logits, 0)  # type: ignore[arg-type]
    torch.testing.assert_close(odds, logits[..., 1] - logits[..., 0])
    answers = core_of(OpenEndedQATask(['cat', 'dog']))
    found = clip_evidence(answers, logits, 1)  # type: ignore[arg-type]
    torch.testing.assert_close(found, logits[..., 1])


def test_choose_target__answers() -> None:
    answers = core_of(OpenEndedQATask(['cat', 'dog']))
    found = choose_target(answers, None, 'what runs', 'dog')  # type: ignore[arg-type]
    assert (found.text, found.answer, found.label) == ('what runs', 'dog', 1)
    options = core_of(MultipleChoiceTask())
    found = choose_target(options, None, 'what runs', 'a cow')  # type: ignore[arg-type]
    assert found.text == 'what runs a cow'
    with pytest.raises(ValueError, match="no answer 'cow'. Pass one of its 2"):
        choose_target(answers, None, 'what runs', 'cow')  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='MultipleChoiceTask needs an answer'):
        choose_target(options, None, 'what runs', None)  # type: ignore[arg-type]


@pytest.mark.slow
def test_choose_target__a_match_has_no_answer(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    with pytest.raises(ValueError, match="but got answer='dog'. Leave it out"):
        inferencer.explain(trained.videos[0], 'a dog', answer='dog')
