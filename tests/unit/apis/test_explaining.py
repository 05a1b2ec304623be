# Copyright (c) clipbert_mm contributors.
"""Explanations against direct calls of score."""

import numpy as np
import pytest

from clipbert_mm.apis import ClipBERTInferencer, VideoFrames

from .conftest import Trained

pytestmark = pytest.mark.slow


@pytest.mark.parametrize('method', ['occlusion', 'attention'])
def test_explain__scores_equal_those_of_rank(
    trained: Trained, inferencer: ClipBERTInferencer, method: str
) -> None:
    video, text = trained.videos[1], trained.captions[1]
    found = inferencer.explain(video, text, method=method)
    match = inferencer.rank(text, video)[0]
    assert found.score == pytest.approx(match['score'], abs=1e-6)
    clips = [(clip.start, clip.end, clip.score) for clip in found.clips]
    np.testing.assert_allclose(clips, match['clips'], atol=1e-6)
    best = found.clips[found.best_clip]
    assert (best.start, best.end) == (match['start'], match['end'])


def test_explain__words_are_left_out(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    video, text = trained.videos[1], trained.captions[1]
    found = inferencer.explain(video, text, method='attention')
    spoken = text.split()
    assert [word.word for word in found.words] == spoken
    rest = [' '.join(spoken[:i] + spoken[i + 1 :]) for i in range(len(spoken))]
    scores = inferencer.score(video, [text, *rest])[0].astype(float)
    odds = np.log(scores / (1 - scores))
    for i, word in enumerate(found.words):
        assert word.score_without == pytest.approx(scores[i + 1], abs=1e-6)
        assert word.relevance == pytest.approx(odds[0] - odds[i + 1], abs=1e-5)


def test_explain__what_is_cut_moves_in_nowhere(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    read = inferencer._core.tokenize.max_txt_len - 2
    words = (['a', 'red', 'dog', 'runs'] * read)[: 2 * read]
    with pytest.warns(UserWarning, match='are cut to the'):
        found = inferencer.explain(
            trained.videos[1], ' '.join(words), method='attention'
        )
    assert found.text == ' '.join(words[:read])
    assert len(found.words) == read
    rest = ' '.join(words[1:read])
    expected = inferencer.score(trained.videos[1], rest)[0, 0]
    assert found.words[0].score_without == pytest.approx(expected, abs=1e-6)


def test_explain__refuses_what_it_cannot_explain(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    video, text = trained.videos[0], trained.captions[0]
    with pytest.raises(ValueError, match=r'one file .* got 1 \(VideoFeatures'):
        inferencer.explain(inferencer.features(video), text)
    with pytest.raises(ValueError, match='but got 2 '):
        inferencer.explain(trained.videos[:2], text)
    with pytest.raises(ValueError, match="method must be .*'attention'"):
        inferencer.explain(video, text, method='raw')
    with pytest.raises(TypeError, match='text must be one string'):
        inferencer.explain(video, None)  # type: ignore[arg-type]


def test_explain__frames_without_a_file(
    inferencer: ClipBERTInferencer, trained: Trained
) -> None:
    frames = np.random.default_rng(0).integers(
        0, 256, (9, 48, 64, 3), np.uint8
    )
    found = inferencer.explain(
        VideoFrames(frames, fps=4), trained.captions[0], method='attention'
    )
    height, width = found.clips[0].frames.shape[1:3]
    assert height / width == pytest.approx(48 / 64, abs=0.02)
