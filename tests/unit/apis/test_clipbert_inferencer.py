# Copyright (c) clipbert_mm contributors.
"""Tests of the inferencer's matching, against the runner's test."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from clipbert_mm.apis import (
    ClipBERTInferencer,
    SkippedVideo,
    VideoFrames,
    demo_rows,
    demo_videos,
)
from clipbert_mm.media.errors import MediaError
from clipbert_mm.media.opening import open_video
from clipbert_mm.weights.calibration import Calibration, apply_calibration

from .conftest import Trained

pytestmark = pytest.mark.slow

TOLERANCE = 1e-6  # the scores of an untrained model are close to each other


@pytest.mark.parametrize('batch_size', [1, 3])
def test_score__equals_the_test_of_the_runner(
    trained: Trained, inferencer: ClipBERTInferencer, batch_size: int
) -> None:
    found = inferencer.score(
        trained.videos, trained.captions, batch_size=batch_size
    )
    assert found.dtype == np.float32
    assert found.shape == (len(trained.videos), len(trained.captions))
    assert np.ptp(found) > 100 * TOLERANCE
    np.testing.assert_allclose(found, trained.scores, atol=TOLERANCE)


def test_score__features_equal_their_videos(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    features = inferencer.features(trained.videos)
    np.testing.assert_array_equal(
        inferencer.score(features, trained.captions),
        inferencer.score(trained.videos, trained.captions),
    )
    mixed = [features[0], trained.videos[1]]
    np.testing.assert_allclose(
        inferencer.score(mixed, trained.captions),
        trained.scores[:2],
        atol=TOLERANCE,
    )


@pytest.mark.parametrize('channels_first', [False, True])
def test_score__frames_equal_their_file(
    trained: Trained, inferencer: ClipBERTInferencer, channels_first: bool
) -> None:
    with open_video(trained.videos[3]) as reader:
        frames = reader.get_batch(range(len(reader))).asnumpy()
        fps = reader.get_avg_fps()
    given = (
        torch.from_numpy(frames).permute(0, 3, 1, 2)
        if channels_first
        else frames
    )
    np.testing.assert_allclose(
        inferencer.score(VideoFrames(given, fps), trained.captions),
        trained.scores[3:4],
        atol=TOLERANCE,
    )


def test_score__threads_keep_their_texts(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    captions = trained.captions
    calls = [
        (trained.videos[i % 3 : i % 3 + 2], captions[i % len(captions) :])
        for i in range(24)
    ]
    one_by_one = [inferencer.score(*call) for call in calls]
    with ThreadPoolExecutor(4) as threads:
        at_once = list(threads.map(lambda c: inferencer.score(*c), calls))
    for own, expected in zip(at_once, one_by_one):
        np.testing.assert_array_equal(own, expected)


def test_score__unreadable_videos_are_nan_if_skipped(
    trained: Trained, inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    bad = tmp_path / 'notes.mp4'
    bad.write_text('not a video')
    with pytest.raises(MediaError, match=r"notes.mp4': it is a text file"):
        inferencer.score([bad, trained.videos[0]], 'a dog')
    with pytest.warns(UserWarning, match=r'1 of 2 videos .*\n.*notes.mp4: it'):
        scores = inferencer.score(
            [bad, trained.videos[0]], trained.captions, on_error='skip'
        )
    assert np.isnan(scores[0]).all()
    np.testing.assert_allclose(scores[1], trained.scores[0], atol=TOLERANCE)


def test_predict__equals_the_scores_of_the_pairs(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    rows, columns = [2, 0, 2, 1], [0, 1, 3, 0]
    pairs = [
        (
            Path(trained.videos[i]) if i else trained.videos[i],
            trained.captions[j],
        )
        for i, j in zip(rows, columns)
    ]
    np.testing.assert_allclose(
        inferencer.predict(pairs),
        trained.scores[rows, columns],
        atol=TOLERANCE,
    )


@pytest.fixture
def calibrated(
    inferencer: ClipBERTInferencer, monkeypatch: pytest.MonkeyPatch
) -> ClipBERTInferencer:
    """Return the inferencer with a calibration that a test may change."""
    monkeypatch.setattr(inferencer, 'calibration', Calibration(0.5, -1.0))
    return inferencer


def test_calibrate__fits_the_scores_of_training(
    trained: Trained, calibrated: ClipBERTInferencer
) -> None:
    places = np.ndindex(trained.scores.shape)
    pairs = [(trained.videos[i], trained.captions[j]) for i, j in places]
    rng = np.random.default_rng(0)
    noise = rng.normal(0, np.std(trained.scores), trained.scores.shape)
    labels = trained.scores + noise > np.median(trained.scores)
    found = calibrated.calibrate(pairs, labels.flatten())
    assert calibrated.calibration == found
    scores = calibrated.predict(pairs)
    np.testing.assert_allclose(
        scores,
        apply_calibration(trained.scores.flatten(), found),
        atol=1e-3,
    )
    # At the maximum of the likelihood the mean score is the frequency.
    assert scores.mean() == pytest.approx(labels.mean(), abs=0.02)
    generator = (pair for pair in pairs)
    again = calibrated.calibrate(generator, iter(labels.flatten().tolist()))
    assert again == found


def test_calibration__is_in_every_score(
    trained: Trained, calibrated: ClipBERTInferencer
) -> None:
    videos, texts = trained.videos[:3], trained.captions
    expected = apply_calibration(trained.scores[:3], calibrated.calibration)
    features = calibrated.features(videos)
    assert calibrated.score(features, texts) == pytest.approx(
        expected, abs=TOLERANCE
    )
    rows = calibrated(features, texts, batch_size=2)['predictions']
    for row, scores in zip(rows, expected):
        assert row['scores'] == pytest.approx(scores, abs=TOLERANCE)
    column = {m['video']: m for m in calibrated.rank(texts[0], features)}
    for i, video in enumerate(videos):
        assert column[video]['score'] == pytest.approx(
            expected[i, 0], abs=TOLERANCE
        )
        assert [clip[2] for clip in column[video]['clips']] == pytest.approx(
            [clip['scores'][0] for clip in rows[i]['clips']], abs=TOLERANCE
        )
    described = calibrated.describe(features[0], texts[:2])
    answers = calibrated.answer(features[0], '', texts[:2])
    assert answers == [(m['text'], m['score']) for m in described]
    best, explained = (
        described[0],
        calibrated.explain(
            videos[0], described[0]['text'], method='attention'
        ),
    )
    assert explained.score == pytest.approx(best['score'], abs=TOLERANCE)
    assert [clip.score for clip in explained.clips] == pytest.approx(
        [score for _, _, score in best['clips']], abs=TOLERANCE
    )


def test_calibration__keeps_the_order_of_scores_that_become_equal(
    trained: Trained, calibrated: ClipBERTInferencer
) -> None:
    features = calibrated.features(trained.videos)
    calibrated.calibration = None
    plain = calibrated.rank(trained.captions[0], features)
    calibrated.calibration = Calibration(1.0, 60.0)
    found = calibrated.rank(trained.captions[0], features)
    assert {match['score'] for match in found} == {1.0}
    assert [m['corpus_id'] for m in found] == [m['corpus_id'] for m in plain]


def test_calibration__a_call_takes_it_once(
    trained: Trained, calibrated: ClipBERTInferencer
) -> None:
    features = calibrated.features(trained.videos[:4])
    text = trained.captions[0]
    pairs = [(video, text) for video in features]
    choices = [None, Calibration(1.0, 3.0)]
    expected = []
    for calibrated.calibration in choices:
        expected.append(calibrated.predict(pairs).tolist())
    done = threading.Event()

    def change() -> None:
        while not done.is_set():
            for calibrated.calibration in choices:
                pass

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(40):
            assert calibrated.predict(pairs).tolist() in expected
            rows = calibrated(features, text, batch_size=1)['predictions']
            assert [row['scores'][0] for row in rows] in expected
    finally:
        done.set()
        thread.join()


def test_calibrate__unreadable_videos(
    trained: Trained, calibrated: ClipBERTInferencer, tmp_path: Path
) -> None:
    bad = tmp_path / 'notes.mp4'
    bad.write_text('not a video')
    order = np.argsort(trained.scores[:, 0])
    good = [(trained.videos[i], trained.captions[0]) for i in order[[0, -1]]]
    before = calibrated.calibration
    pairs = [*good, (bad, 'a dog')]
    with pytest.raises(MediaError, match="notes.mp4': it is a text file"):
        calibrated.calibrate(pairs, [0, 1, 1])
    assert calibrated.calibration == before
    with pytest.warns(UserWarning, match='1 of 3 videos are left out'):
        found = calibrated.calibrate(pairs, [0, 1, 1], on_error='skip')
    assert found == calibrated.calibrate(good, [0, 1])
    with (
        pytest.warns(UserWarning, match='1 of 2 videos are left out'),
        pytest.raises(ValueError, match='both 1 .a match. and 0, but all 1'),
    ):
        calibrated.calibrate(pairs[1:], [0, 1], on_error='skip')


@pytest.mark.parametrize(
    'labels, error, message',
    [
        ([1], ValueError, 'one for each of the 2 pairs, but got 1'),
        ([1, 2], ValueError, r'labels\[1\] must be 1 for a match'),
        ([1, 1], ValueError, 'labels must hold both 1'),
        (None, TypeError, 'labels must be a list of 0 and 1'),
    ],
)
def test_calibrate__labels_are_refused_before_a_video_is_read(
    calibrated: ClipBERTInferencer,
    labels: list[int] | None,
    error: type[Exception],
    message: str,
) -> None:
    pairs = [('no.mp4', 'a dog'), ('none.mp4', 'a dog')]
    with pytest.raises(error, match=message):
        calibrated.calibrate(pairs, labels)


def test_rank__min_score(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    features = inferencer.features(trained.videos)
    everything = inferencer.rank(trained.captions[0], features)
    for number in (0, 1, 4, len(everything)):
        limit = everything[number - 1]['score'] if number else 1.0
        found = inferencer.rank(trained.captions[0], features, min_score=limit)
        assert found == everything[:number]
        assert found.nothing_matches == (number == 0)
        assert found.background is None
    assert not everything.nothing_matches


def test_describe__min_score(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    video = inferencer.features(trained.videos[1])
    everything = inferencer.describe(video, trained.captions)
    limit = everything[2]['score']
    found = inferencer.describe(video, trained.captions, min_score=limit)
    assert found == everything[:3]
    assert inferencer.describe(video, trained.captions, min_score=1.0) == []


def test_rank__unrelated(
    trained: Trained, calibrated: ClipBERTInferencer, tmp_path: Path
) -> None:
    for i in range(11):
        copy = tmp_path / f'{i:02d}.mp4'
        copy.write_bytes(Path(trained.videos[i % 7]).read_bytes())
    text, documents = trained.captions[0], trained.videos[:3]
    found = calibrated.rank(text, documents, top_k=1, unrelated=tmp_path)
    rows = [i % 7 for i in range(11)]
    expected = apply_calibration(
        trained.scores[rows, 0], calibrated.calibration
    )
    assert found.background.scores == pytest.approx(expected, abs=TOLERANCE)
    # The documents are three of the unrelated videos themselves.
    assert found.background.chance > 0.2
    assert found.nothing_matches
    assert found == calibrated.rank(text, documents, top_k=1)
    (tmp_path / '03.mp4').write_text('')
    with pytest.warns(UserWarning, match='1 of 11 videos are left out'):
        again = calibrated.rank(text, documents, unrelated=tmp_path)
    assert len(again.background.scores) == 10
    assert again.skipped == []
    (tmp_path / '02.mp4').write_text('')
    with (
        pytest.warns(UserWarning, match='2 of 11 videos are left out'),
        pytest.raises(ValueError, match='10 readable videos .* but got 9'),
    ):
        calibrated.rank(text, documents, unrelated=tmp_path)


def test_rank__demo_stands_out_from_unrelated_videos() -> None:
    demo = ClipBERTInferencer('demo', device='cpu', show_progress=False)
    features = demo.features(demo_videos())
    captions = [row['caption'] for row in demo_rows()]
    shown = demo.rank(captions[0], features[:6], unrelated=features[6:])
    assert shown[0]['corpus_id'] == 0
    assert not shown.nothing_matches
    # The same without the video of the caption.
    absent = demo.rank(captions[0], features[1:6], unrelated=features[6:])
    assert absent.background.chance > 10 * shown.background.chance
    assert absent.nothing_matches
    assert len(absent) == 5


def test_rank__best_first(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    ranking = inferencer.rank(trained.captions[0], trained.videos)
    scores = inferencer.score(trained.videos, trained.captions[0])[:, 0]
    order = np.argsort(-scores)
    assert order[0] != 0
    assert len(set(scores)) == len(scores)
    assert [match['corpus_id'] for match in ranking] == order.tolist()
    assert [match['video'] for match in ranking] == [
        trained.videos[i] for i in order
    ]
    assert [match['score'] for match in ranking] == scores[order].tolist()
    assert ranking.skipped == []
    best = inferencer.rank(trained.captions[0], trained.videos, top_k=2)
    assert best == ranking[:2]


def test_rank__moment_is_the_best_clip(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    (match,) = inferencer.rank(trained.captions[0], trained.videos[6])
    scores = [score for _, _, score in match['clips']]
    best = int(np.argmax(scores))
    assert (match['start'], match['end']) == match['clips'][best][:2]
    # 24 frames at 5 fps: clips of five frames, the second of which begins at
    # frame 10, half of the 19 at which it may begin, rounded.
    assert [clip[:2] for clip in match['clips']] == [(0, 1), (2, 3)]


def test_rank__same_video_twice_keeps_the_order(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    # Once encoded: the last bits depend on the batch of a video.
    features = inferencer.features(trained.videos[0])
    twins = [features, replace(features, video='copy.mp4')]
    for videos in (twins, twins[::-1]):
        ranking = inferencer.rank('a red dog', videos)
        assert [m['video'] for m in ranking] == [v.video for v in videos]


def test_rank__folder_with_a_bad_file(
    trained: Trained, inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    for name in 'abc':
        (tmp_path / f'{name}.mp4').write_bytes(
            Path(trained.videos[0]).read_bytes() if name != 'b' else b''
        )
    with pytest.warns(UserWarning, match='1 of 3 videos are left out'):
        ranking = inferencer.rank('a dog', tmp_path, return_documents=True)
    assert [match['corpus_id'] for match in ranking] == [0, 2]
    assert ranking[1]['document'] == str(tmp_path / 'c.mp4')
    assert ranking.skipped == [
        SkippedVideo(str(tmp_path / 'b.mp4'), 'the file is empty')
    ]
    with pytest.raises(MediaError, match=r'b.mp4.*empty'):
        inferencer.rank('a dog', tmp_path, on_error='raise')


def test_rank__nothing_readable(
    inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    (tmp_path / 'a.mp4').touch()
    with pytest.raises(
        ValueError, match=r"None of the 1 videos .*a.mp4': the file is empty"
    ):
        inferencer.rank('a dog', tmp_path)


def test_describe__texts_of_a_video(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    texts = trained.captions
    found = inferencer.describe(trained.videos[1], texts, top_k=3)
    order = np.argsort(-trained.scores[1])[:3]
    assert [match['text'] for match in found] == [texts[i] for i in order]
    np.testing.assert_allclose(
        [match['score'] for match in found],
        trained.scores[1][order],
        atol=TOLERANCE,
    )


def test_describe__one_or_many_videos(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    videos = trained.videos[:2]
    one_by_one = [inferencer.describe(v, ['a dog', 'dog']) for v in videos]
    found = inferencer.describe(iter(videos), ['a dog', 'dog'])
    for matches, alone in zip(found, one_by_one, strict=True):
        for match, other in zip(matches, alone, strict=True):
            assert match['text'] == other['text']
            assert match['video'] == other['video']
            assert match['score'] == pytest.approx(other['score'], abs=1e-6)
    features = inferencer.features(videos)
    assert (
        inferencer.describe(features[:1], ['a dog', 'dog']) == (one_by_one[:1])
    )
    assert inferencer.describe(features[1], ['a dog', 'dog']) == one_by_one[1]
    skipped = SkippedVideo('a.mp4', 'the file is empty')
    with pytest.raises(MediaError, match=r'a.mp4.*empty'):
        inferencer.describe([*features, skipped], 'a dog')


def test_inferencer__remembers_files(
    trained: Trained, inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    names = [tmp_path / 'a.mp4', tmp_path / 'b.mp4']
    for i, name in enumerate(names):
        name.write_bytes(Path(trained.videos[i]).read_bytes())
    expected = inferencer.score(names, trained.captions)
    names[0].write_bytes(names[1].read_bytes())
    np.testing.assert_allclose(
        inferencer.score(names, trained.captions)[0], expected[1], atol=1e-6
    )
    with pytest.raises(ValueError, match='cache_bytes must be an integer'):
        ClipBERTInferencer(trained.cfg, trained.checkpoint, cache_bytes='1 GB')


def test_rank__uses_the_text_and_not_the_videos_of_other_models(
    trained: Trained, inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    state = torch.load(trained.checkpoint)['state_dict']
    state['head.classifier.0.bias'] += 1
    torch.save(dict(state_dict=state), tmp_path / 'other.pth')
    other = ClipBERTInferencer(trained.cfg, tmp_path / 'other.pth', 'cpu')
    features = other.features(trained.videos[0])
    with pytest.raises(ValueError, match='were computed by another model'):
        inferencer.rank('a dog', features)


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda m, v: m.score(v, []), 'texts must hold at least one'),
        (lambda m, v: m.score(v, ['a dog', ' ']), r'texts\[1\] must not be'),
        (lambda m, v: m.score([], 'a dog'), 'There must be at least one vi'),
        (lambda m, v: m.rank('a dog', v, top_k=0), 'top_k must be an integer'),
        (lambda m, v: m.rank('a dog', v, min_score=1.5), 'min_score must be'),
        (lambda m, v: m.rank('a dog', v, min_score=np.nan), 'min_score must'),
        (lambda m, v: m.rank('a dog', v, min_score=None), 'got None'),
        (lambda m, v: m.rank('a dog', v, min_score=True), 'got True'),
        (lambda m, v: m.describe(v, 'a dog', min_score='1'), 'in .0, 1., but'),
        (lambda m, v: m.rank('a dog', 'no', unrelated=[v] * 9), 'but got 9'),
        (lambda m, v: m.rank('a dog', 'no', unrelated=[]), 'at least one vid'),
        (lambda m, v: m.calibrate([], []), 'at least one pair'),
        (lambda m, v: m.rank('\u200b', v), 'none of the 0 words'),
        (lambda m, v: m.rank('🐕', v), "none of the 1 words of '🐕'"),
        (lambda m, v: m.rank('собака', v), 'none of the 1 words'),
        (lambda m, v: m.rank('a dog', v, on_error='no'), 'on_error must be'),
        (lambda m, v: m.rank('a dog', 'http://x.org/a.mp4'), 'the address'),
        (lambda m, v: m.predict([]), 'at least one pair'),
        (lambda m, v: m.predict(['ab']), r'pairs\[0\] must be a video and'),
        (lambda m, v: m.answer(v, 'a dog'), 'Call answer.. with options'),
        (lambda m, v: m.score(v, 'a dog', batch_size=0), 'batch_size must'),
    ],
)
def test_inferencer__wrong_values(
    trained: Trained, inferencer: ClipBERTInferencer, call, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call(inferencer, trained.videos[0])


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda m, v: m.score(v, None), r'texts must be .* got None'),
        (lambda m, v: m.score(v, [v, 3]), r'texts\[1\] must be a string'),
        (lambda m, v: m.score(None, 'a dog'), 'videos must be a file'),
        (lambda m, v: m.score([3], 'a dog'), 'Video 0 must be a path'),
        (lambda m, v: m.rank(['a dog'], v), 'query must be one string'),
        (lambda m, v: m.answer(v, '', 'red'), "the string 'red'. Put it in"),
        (lambda m, v: m.answer('no', 3, ['a', 'b']), 'questions must be a s'),
        (lambda m, v: m.answer('no', 'a', ['a', 3]), r'options\[1\] must be'),
        (lambda m, v: m.describe('no', 3), 'texts must be a string or a list'),
        (lambda m, v: m.describe(3, 'a dog'), 'videos must be a file'),
        (lambda m, v: m.score(np.zeros((2, 8, 8, 3)), 'a'), 'need their rate'),
        (lambda m, v: m.rank('a dog', v, unrelated=3), 'videos must be a fi'),
        (lambda m, v: m.calibrate(None, [1]), 'pairs must be a list of pai'),
        (lambda m, v: m.predict([(v, 3)]), r'pairs\[0\]\[1\] must be one'),
    ],
)
def test_inferencer__wrong_types(
    trained: Trained, inferencer: ClipBERTInferencer, call, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        call(inferencer, trained.videos[0])


def test_rank__few_known_words(
    trained: Trained, inferencer: ClipBERTInferencer
) -> None:
    with pytest.warns(UserWarning, match='knows 1 of the 3 words .*: blorp'):
        inferencer.rank('a blorp 🐕', trained.videos[0])
    with pytest.warns(UserWarning, match='1 of 1 texts are cut to the 20'):
        inferencer.rank('a dog ' * 20, trained.videos[0])


@pytest.mark.parametrize(
    'call, error, message',
    [
        (lambda i: i.predict(None), TypeError, 'pairs must be a list'),
        (lambda i: i.predict([1]), ValueError, r'pairs\[0\] must be'),
        (lambda i: i.predict([None]), ValueError, r'pairs\[0\] must be'),
        (lambda i: i.rank('a dog', 'a\0b'), ValueError, 'NUL character'),
        (lambda i: i.features('a\0b'), ValueError, 'NUL character'),
        (lambda i: i.features('a\ud800'), ValueError, 'lone surrogate'),
        (lambda i: i.score('a.mp4', 'a\ud800'), ValueError, 'lone surrogate'),
        (
            lambda i: i.rank('a dog', 'a.mp4', return_documents=3),
            TypeError,
            'return_documents must be True or False',
        ),
    ],
)
def test_inferencer__arguments_that_failed_inside(
    inferencer: ClipBERTInferencer,
    call: Callable[[ClipBERTInferencer], object],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        call(inferencer)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(trust_config='no'), 'trust_config must be True or False'),
        (dict(show_progress='no'), 'show_progress must be True or False'),
        (dict(device='xyz'), "such as 'cpu'"),
        (dict(device=3.5), "such as 'cpu'"),
    ],
)
def test_inferencer__options_of_a_wrong_kind(
    trained: Trained, options: dict, message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        ClipBERTInferencer(trained.cfg, trained.checkpoint, **options)
