# Copyright (c) clipbert_mm contributors.
"""Tests of the library of videos."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clipbert_mm.apis import ClipBERTInferencer, VideoFrames, demo_rows
from clipbert_mm.library import LibraryError, VideoLibrary
from clipbert_mm.library.distilling import train
from clipbert_mm.library.updating import UpdateReport
from clipbert_mm.utils.config_loading import override_config
from clipbert_mm.utils.locks import FolderInUseError, lock_folder
from clipbert_mm.weights.calibration import Calibration, apply_calibration

from .conftest import CLIPS, NUMBER

pytestmark = pytest.mark.slow  # indexes videos

QUERY = 'a big red ring moves at the left'


@pytest.mark.parametrize('tier', [None, 'exact', 'cascade'])
def test_search__is_the_ranking_of_the_inferencer(
    library: VideoLibrary, videos: Path, tier: str | None
) -> None:
    demo = ClipBERTInferencer('demo', device='cpu')
    override_config(demo.cfg, dict(num_test_clips=CLIPS))
    files = [p for p in videos.iterdir() if p.name != 'page.mp4']
    ranking = ClipBERTInferencer(
        demo.cfg, Path(str(demo.folder)) / 'model.safetensors', device='cpu'
    ).rank(QUERY, files)
    found = library.search(QUERY, tier=tier)
    assert found.tier == (tier or 'exact')
    assert len(found) == NUMBER
    assert [m['video'] for m in found] == [m['video'] for m in ranking]
    for match, other in zip(found, ranking):
        assert match['score'] == pytest.approx(other['score'], abs=2e-3)
        assert (match['start'], match['end']) == (other['start'], other['end'])
        np.testing.assert_allclose(match['clips'], other['clips'], atol=5e-3)


def test_search__of_joined_frames_is_the_ranking_of_the_inferencer(
    videos: Path, tmp_path: Path
) -> None:
    demo = ClipBERTInferencer('demo', device='cpu')
    demo.cfg.model.neck.temporal_fusion = 'join'
    override_config(demo.cfg, dict(num_test_clips=CLIPS))
    joined = ClipBERTInferencer(
        demo.cfg, Path(str(demo.folder)) / 'model.safetensors', device='cpu'
    )
    joined.save_pretrained(tmp_path / 'model')
    files = [p for p in videos.iterdir() if p.name != 'page.mp4']
    library = VideoLibrary.create(
        tmp_path / 'index', tmp_path / 'model', clips=CLIPS
    )
    library.update(videos)
    found = {m['video']: m['score'] for m in library.search(QUERY)}
    plain = demo.score(files, QUERY)[:, 0]
    for path, score, other in zip(
        files, joined.score(files, QUERY)[:, 0], plain
    ):
        assert found[str(path)] == pytest.approx(score, abs=2e-3)
        assert score != other


def test_search__best_ones_above_a_score(library: VideoLibrary) -> None:
    everything = library.search(QUERY)
    assert library.search(QUERY, top_k=2) == everything[:2]
    least = everything[2]['score']
    assert library.search(QUERY, min_score=least) == everything[:3]


def test_search_many__each_as_if_alone(library: VideoLibrary) -> None:
    texts = [QUERY, 'a small blue cross']
    found = library.search_many(texts, 2, 0.1, 'cascade')
    assert found == [library.search(t, 2, 0.1, 'cascade') for t in texts]
    assert [one.tier for one in found] == ['cascade', 'cascade']


def test_search__scores_are_calibrated_like_the_model(
    library: VideoLibrary, tmp_path: Path
) -> None:
    demo = ClipBERTInferencer('demo', device='cpu')
    demo.calibration = Calibration(0.5, 2.0)
    demo.save_pretrained(tmp_path / 'copy')
    plain = library.search(QUERY)
    calibrated = VideoLibrary(tmp_path / 'index', tmp_path / 'copy')
    found = calibrated.search(QUERY)
    assert calibrated.scores_of(QUERY, [found[0]['id']]) == {
        found[0]['id']: pytest.approx(found[0]['score'], abs=1e-6)
    }
    assert [m['video'] for m in found] == [m['video'] for m in plain]
    for match, other in zip(found, plain):
        values = [other['score'], *(clip[2] for clip in other['clips'])]
        expected = apply_calibration(np.array(values), demo.calibration)
        scores = [match['score'], *(clip[2] for clip in match['clips'])]
        np.testing.assert_allclose(scores, expected, rtol=1e-6)


def test_library__is_opened_by_its_own_model(
    library: VideoLibrary, tmp_path: Path
) -> None:
    again = VideoLibrary(tmp_path / 'index')
    assert again.search(QUERY) == library.search(QUERY)
    with pytest.raises(ValueError, match='does not match texts with videos'):
        VideoLibrary(tmp_path / 'index', 'demo-qa')


def test_library__another_model_is_refused(
    library: VideoLibrary, tmp_path: Path
) -> None:
    copy = tmp_path / 'copy'
    demo = ClipBERTInferencer('demo', device='cpu')
    next(iter(demo.model.parameters())).data += 0.5
    demo.save_pretrained(copy)
    with pytest.raises(LibraryError, match=r"'demo'.* weights is '.* but '"):
        VideoLibrary(tmp_path / 'index', copy)


def test_search__candidates_from_outside(library: VideoLibrary) -> None:
    ranking = library.search(QUERY)
    paths = [ranking[4]['video'], Path(ranking[1]['video']).name]
    found = library.search(QUERY, candidates=[*paths, ranking[1]['id']])
    assert found.tier == 'outside'
    assert found.passes == 2 * CLIPS
    assert found == [ranking[1], ranking[4]]
    assert library.search(QUERY, candidates=[]) == []
    with pytest.raises(LibraryError, match="0 of them are 'none.mp4'"):
        library.search(QUERY, candidates=['none.mp4'])
    with pytest.raises(ValueError, match="but got tier='exact'"):
        library.search(QUERY, tier='exact', candidates=paths)


def test_distill__makes_the_tier(
    library: VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, '__defaults__', (2,))
    with pytest.raises(LibraryError, match='has no student'):
        library.search(QUERY, tier='student')
    queries = [row['caption'] for row in demo_rows()][:10]
    seen = []
    report = library.distill(queries, progress=lambda *n: seen.append(n))
    assert (report.queries, report.held_out, report.videos) == (9, 1, NUMBER)
    assert report.passes == 10 * NUMBER * (2 + CLIPS)
    assert report.recall == 1  # all videos are kept
    assert seen[-1] == (10, 10)
    found = library.search(QUERY, tier='student')
    assert found.tier == 'student'
    assert found == library.search(QUERY, tier='exact')


def test_similar__copy_first(library: VideoLibrary, videos: Path) -> None:
    one = next(videos.glob('g*.mp4'))
    (videos / 'copy.mp4').write_bytes(one.read_bytes())
    library.update(videos)
    found = library.similar(one, top_k=3)
    assert len(found) == 3
    assert found[0]['video'] == str(videos / 'copy.mp4')
    assert found[0]['cosine'] == pytest.approx(1, abs=1e-5)
    assert found[1]['cosine'] <= found[0]['cosine']
    for name in ('none.mp4', 'page.mp4'):
        with pytest.raises(LibraryError, match='not a readable video of the'):
            library.similar(videos / name)


def test_ask__the_matches_of_a_text(
    library: VideoLibrary, videos: Path
) -> None:
    answerer = ClipBERTInferencer('demo-qa', device='cpu')
    question = 'what colour is the ring'
    found = library.ask(question, answerer, 2, QUERY, answers=1)
    matches = library.search(QUERY, 2)
    assert [m['video'] for m in found] == [m['video'] for m in matches]
    for match in found:
        assert match.pop('answers') == answerer.answer(
            match['video'], question, top_k=1
        )
    assert found == matches
    itself = library.ask(question, answerer, 2)
    assert [m['id'] for m in itself] == [
        m['id'] for m in library.search(question, 2)
    ]
    Path(matches[0]['video']).unlink()
    gone, other = library.ask(question, answerer, 2, QUERY)
    assert gone['answers'] == []
    assert 'No such file or directory' in gone['reason']
    assert len(other['answers']) == 3


def test_watch__new_files_once_they_are_written(
    library: VideoLibrary, videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = next(videos.glob('g*.mp4')).read_bytes()
    parts = [content[:500], content[:9000], content]
    slept = []

    def write_on(seconds: float) -> None:
        slept.append(seconds)
        if parts:
            (videos / 'new.mp4').write_bytes(parts.pop(0))

    monkeypatch.setattr('clipbert_mm.library.watching.time.sleep', write_on)
    reports: list[UpdateReport] = []
    texts = [QUERY, 'a small blue cross']
    found = library.watch(videos, texts, 0.0, 7.0, updated=reports.append)
    first, second = next(found), next(found)
    # Three looks at a growing file, one that sees it whole, one that agrees.
    assert slept == [7.0] * 4
    assert [(r.added, r.same) for r in reports] == [(1, NUMBER + 1)]
    for match, text in ((first, texts[0]), (second, texts[1])):
        assert match['query'] == text
        assert match['video'] == str(videos / 'new.mp4')
        (same,) = (
            m for m in library.search(text) if m['video'] == match['video']
        )
        assert {'query': text, **same} == match


def test_watch__once_and_by_score(
    library: VideoLibrary, videos: Path, tmp_path: Path
) -> None:
    watch = dict(every=0, once=True)
    assert list(library.watch(videos, [QUERY], 0.0, **watch)) == []
    one = next(videos.glob('g*.mp4'))
    (videos / 'new.mp4').write_bytes(one.read_bytes())
    assert list(library.watch(videos, [QUERY], 1.0, **watch)) == []
    assert len(library.videos()) == NUMBER + 2
    one.unlink()
    for video in videos.iterdir():
        video.rename(tmp_path / video.name)
    assert list(library.watch(videos, [QUERY], 0.0, **watch)) == []
    assert len(library.videos()) == NUMBER + 2  # of an empty folder


def test_watch__index_in_use(library: VideoLibrary, videos: Path) -> None:
    other = VideoLibrary(library.store.location)
    (videos / 'page.mp4').unlink()
    with (
        lock_folder(library.store.location, 'wait'),
        pytest.raises(FolderInUseError),
    ):
        list(library.watch(videos, [QUERY], every=0, once=True))
    found = library.watch(videos, [QUERY], 0.0, 0)
    copy = videos / 'new.mp4'
    copy.write_bytes(next(videos.glob('g*.mp4')).read_bytes())
    other.update(videos)
    assert next(found)['video'] == str(copy)


def test_evaluate__by_a_file(library: VideoLibrary, tmp_path: Path) -> None:
    path = tmp_path / 'queries.csv'
    name = Path(library.search(QUERY)[0]['video']).name
    path.write_text(f'query,video\n{QUERY},{name}\n')
    found = library.evaluate(path, ['exact'])
    assert found['exact']['R1'] == 100
    with pytest.raises(ValueError, match='tier must be one of'):
        library.evaluate(path, ['best'])


def test_empty_library__finds_nothing(tmp_path: Path) -> None:
    library = VideoLibrary.create(tmp_path / 'empty', clips=1)
    assert library.search(QUERY) == []
    assert library.search(QUERY, tier='cascade') == []


@pytest.mark.parametrize(
    'call, error, message',
    [
        (lambda lib: lib.search(3), TypeError, 'query must be one string'),
        (lambda lib: lib.search(' '), ValueError, 'must not be empty'),
        (lambda lib: lib.search('ж'), ValueError, 'knows none of the 1 words'),
        (
            lambda lib: lib.search_many([QUERY, 'ж']),
            ValueError,
            'knows none of the 1 words',
        ),
        (
            lambda lib: lib.watch('.', [QUERY, 'ж']),
            ValueError,
            'knows none of the 1 words',
        ),
        (
            lambda lib: lib.watch('.', [QUERY], every='1'),
            ValueError,
            'every must be',
        ),
        (lambda lib: lib.search_many([]), ValueError, 'at least one text'),
        (lambda lib: lib.search(QUERY, 0), ValueError, 'top_k must be an int'),
        (
            lambda lib: lib.search(QUERY, tier='best'),
            ValueError,
            r"tier must be one of \['exact', 'cascade', 'student'\]",
        ),
        (
            lambda lib: lib.search(QUERY, min_score=float('nan')),
            ValueError,
            r'min_score must be in \[0, 1\]',
        ),
        (lambda lib: lib.distill([]), ValueError, 'queries must hold at'),
        (lambda lib: lib.distill(None), TypeError, 'queries must be a string'),
        (lambda lib: lib.distill('ж'), ValueError, 'knows none of the 1 word'),
        (
            lambda lib: lib.distill(QUERY, 1),
            ValueError,
            'max_videos must be an integer >= 2',
        ),
        (lambda lib: lib.path_of(10**30), LibraryError, 'there is no video'),
        (lambda lib: lib.similar('a.mp4', 0), ValueError, 'top_k must be an'),
        (lambda lib: lib.update(3), TypeError, 'videos must be a file'),
        (lambda lib: lib.update('/no*'), FileNotFoundError, 'No file matches'),
        (
            lambda lib: lib.update('a.mp4', workers=-1),
            ValueError,
            'workers must be an integer >= 0',
        ),
        (
            lambda lib: lib.update(
                VideoFrames(np.zeros((2, 8, 8, 3), np.uint8), 1.0)
            ),
            TypeError,
            'An index holds files, but got VideoFrames',
        ),
    ],
)
def test_calls__wrong_arguments(
    tmp_path: Path, call: Any, error: type, message: str
) -> None:
    library = VideoLibrary.create(tmp_path / 'index', clips=1)
    with pytest.raises(error, match=message):
        call(library)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(clips=0), 'clips must be an integer >= 1'),
        (dict(precision='int4'), r"precision must be one of \['float16', 'in"),
        (dict(model='demo-qa'), 'does not match texts with videos'),
    ],
)
def test_create__wrong_options(
    tmp_path: Path, options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        VideoLibrary.create(tmp_path / 'index', **options)
    assert not (tmp_path / 'index').exists()
