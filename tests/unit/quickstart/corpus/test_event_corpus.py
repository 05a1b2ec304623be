# Copyright (c) clipbert_mm contributors.
"""Tests of the corpus of events, on a small one that is really written."""

import json
from pathlib import Path

import decord
import pytest

from clipbert_mm.datasets import VideoQuestionAnswering
from clipbert_mm.quickstart.corpus import event_corpus as corpora
from clipbert_mm.quickstart.corpus import events
from clipbert_mm.quickstart.corpus.annotations import read_lines, write_lines

from .conftest import EVENTS


def scenes_of(event_corpus: Path, split: str) -> dict[str, dict]:
    path = event_corpus / 'annotations' / f'scenes_{split}.jsonl'
    return {row['clip_name']: row for row in read_lines(path)}


def test_corpus__unseen_and_checked(
    event_corpus: Path, tmp_path: Path
) -> None:
    seen, asked = (
        [
            {k: v for k, v in row.items() if k != 'clip_name'}
            for row in scenes_of(event_corpus, split).values()
        ]
        for split in corpora.SPLITS
    )
    assert len(asked) == 6
    assert not [scene for scene in asked if scene in seen]
    (tmp_path / 'annotations').mkdir()
    for split, rows in (('train', seen + asked[:1]), ('test', asked)):
        write_lines(tmp_path / 'annotations' / f'scenes_{split}.jsonl', rows)
    with pytest.raises(ValueError, match='1 scenes of the test videos'):
        corpora.check_unseen(tmp_path)


def test_corpus__videos_are_read_by_decord(event_corpus: Path) -> None:
    videos = sorted((event_corpus / 'videos').iterdir())
    assert len(videos) == 16
    for path in videos:
        reader = decord.VideoReader(str(path))
        frames = reader.get_batch(range(len(reader))).asnumpy()
        side = frames.shape[1]
        assert frames.shape[1:] == (side, side, 3)
        assert side in corpora.SIDES
        seconds = len(reader) / reader.get_avg_fps()
        low, high = events.VIDEO_SECONDS
        assert low - 0.13 <= seconds <= high


def test_corpus__is_read_by_the_dataset(event_corpus: Path) -> None:
    options = dict(
        pipeline=[],
        data_root=str(event_corpus),
        data_prefix=dict(video='videos'),
        test_mode=True,
    )
    opened = VideoQuestionAnswering(
        'annotations/qa_test.jsonl',
        answers=dict(format='open', vocabulary='annotations/answers.json'),
        **options,
    )
    rows = read_lines(event_corpus / 'annotations' / 'qa_test.jsonl')
    answers = json.loads(
        (event_corpus / 'annotations' / 'answers.json').read_text()
    )
    assert len(answers) == 21
    for index, row in enumerate(rows):
        info = opened.get_data_info(index)
        assert info['texts'] == [row['question']]
        assert info['answer_labels'] == [answers[row['answer']]]
    chosen = VideoQuestionAnswering(
        'annotations/mc_test.jsonl',
        answers=dict(format='choice'),
        **options,
    )
    assert len(chosen.get_data_info(0)['texts']) == 5


@pytest.mark.slow
def test_generate_events__same_bytes_and_once(event_corpus, tmp_path) -> None:
    corpora.generate_events(tmp_path / 'again', EVENTS, processes=1)
    for path in event_corpus.rglob('*'):
        if path.is_file():
            other = tmp_path / 'again' / path.relative_to(event_corpus)
            assert other.read_bytes() == path.read_bytes()
    assert not corpora.generate_events(event_corpus, EVENTS)


@pytest.mark.parametrize(
    'option, value',
    [
        ('train', 0),
        ('test', 3001),
        ('draws', 101),
        ('seed', -1),
    ],
)
def test_settings__out_of_range(option: str, value: int) -> None:
    with pytest.raises(ValueError, match=f'{option} must be .* got {value}'):
        corpora.EventSettings(**{option: value})
