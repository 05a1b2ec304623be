# Copyright (c) clipbert_mm contributors.
"""Tests of the best answers of any model."""

import pytest

from clipbert_mm.apis import ClipBERTInferencer, demo_videos
from clipbert_mm.apis.best_answers import best_answers


def test_best_answers__of_a_vocabulary() -> None:
    model = ClipBERTInferencer('demo-qa', device='cpu')
    video = model.features(demo_videos('demo-qa')[0])
    question = 'what colour are the rings'
    expected = model.answer(video, question, top_k=2)
    assert best_answers(model, video, question, top_k=2) == expected
    with pytest.raises(
        ValueError, match=r'answer\(\) with options cannot use'
    ):
        best_answers(model, video, question, ['red', 'blue'])


@pytest.mark.slow
def test_best_answers__of_options(
    inferencer: ClipBERTInferencer, trained
) -> None:
    options = trained.captions[:2]
    (first, score), *_ = best_answers(
        inferencer, trained.videos[0], '', options
    )
    (scores,) = inferencer.score(trained.videos[0], options)
    assert (first, score) == max(
        zip(options, scores), key=lambda pair: pair[1]
    )
