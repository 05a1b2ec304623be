# Copyright (c) clipbert_mm contributors.
"""Tests of the quickstart's event videos and of the questions about them."""

import json
import re
from collections import Counter
from pathlib import Path

import cv2
import decord
import numpy as np
import pytest

from clipbert_mm.datasets import VideoQuestionAnswering
from clipbert_mm.quickstart.corpus import event_corpus as corpora
from clipbert_mm.quickstart.corpus import events, questions
from clipbert_mm.quickstart.corpus.annotations import read_lines, write_lines

SMALL = corpora.EventSettings(seed=3, train=10, test=6, draws=2)
NUMBERS = dict(one=1, two=2, three=3, four=4, five=5)


@pytest.fixture(scope='module')
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('events')
    assert corpora.generate_events(root, SMALL)
    return root


def drawn(scene: events.Scene, step: float = 1 / 60) -> tuple:
    """Its frames, and masks of its red figures."""
    rng = np.random.default_rng(0)
    look = events.draw_event_look(scene, 96, rng)
    times = np.arange(0, look.seconds, step).tolist()
    frames = np.stack(list(events.event_frames(scene, look, rng, times)))
    frames = frames.astype(int)
    return look, frames, frames[..., 0] - frames[..., 1] > 90


def red(number: int, *actions: tuple[str, int]) -> events.Scene:
    return events.Scene('red', 'square', number, actions)


def test_scenes__all_are_different() -> None:
    scenes = events.all_scenes()
    assert len(set(scenes)) == 5 * 5 * 4 * (6 * 5 + 6 * 5)
    assert {len(scene.actions) for scene in scenes} == {1, 2}


@pytest.mark.parametrize('number', [1, 2, 3, 4])
def test_frames__as_many_figures(number: int) -> None:
    _, _, masks = drawn(red(number, ('jump', 2)), 0.3)
    for mask in masks:
        found, _ = cv2.connectedComponents(mask.astype(np.uint8))
        assert found - 1 == number


@pytest.mark.parametrize('times', [1, 3, 5])
def test_frames__as_many_times(times: int) -> None:
    _, _, masks = drawn(red(2, ('hide', times)))
    hidden = ~masks.any((1, 2))
    assert (np.diff(hidden.astype(int)) == 1).sum() == times
    assert not hidden[0]
    assert not hidden[-1]


def test_frames__actions_in_turn() -> None:
    _, _, masks = drawn(red(1, ('hide', 2), ('grow', 2)))
    area = masks.sum((1, 2)) / masks[0].sum()
    assert np.flatnonzero(area == 0).max() < np.flatnonzero(area > 1.8).min()


@pytest.mark.parametrize('action', events.ACTIONS)
def test_frames__what_an_action_changes(action: str) -> None:
    look, frames, masks = drawn(red(1, (action, 1)))
    middle = int((look.starts[0] + events.ACTION_SECONDS / 2) * 60)
    rest, acting = masks[0], masks[middle]
    at_rest = [values.mean() for values in np.nonzero(rest)]
    assert look.starts[0] > 1 / 60
    if action == 'flash':
        assert not acting.any()
        assert (frames[middle][rest].mean(0) > 200).all()
        return
    area = acting.sum() / rest.sum()
    expected = dict(grow=1.45**2, shrink=0.5**2, hide=0).get(action, 1)
    assert area == pytest.approx(expected, abs=0.2)
    if action == 'hide':
        return
    down, right = (
        values.mean() - old for values, old in zip(np.nonzero(acting), at_rest)
    )
    if action == 'jump':
        down += events.JUMP * 96
    if action == 'slide':
        right -= events.SLIDE * 96 * look.direction
    assert (down, right) == pytest.approx((0, 0), abs=1.5)


def scenes_of(corpus: Path, split: str) -> dict[str, dict]:
    path = corpus / 'annotations' / f'scenes_{split}.jsonl'
    return {row['clip_name']: row for row in read_lines(path)}


def named_in(action: str, text: str) -> bool:
    """Whether a text names an action, as 'jump' or as 'jumping'."""
    stem = action.removesuffix('e')
    return bool(re.search(rf'\b{stem}(e|ing)?\b', text))


def naive_answer(question: str, scene: dict) -> str:
    """Read the answer from the scene, by the words of the question."""
    actions = dict(scene['actions'])
    named = [a for a in actions if named_in(a, question)]
    if 'colour' in question:
        return scene['colour']
    if 'shape' in question:
        return scene['shape']
    if 'how many times' in question:
        return list(NUMBERS)[actions[named[0]] - 1]
    if 'how many' in question:
        return list(NUMBERS)[scene['number'] - 1]
    return next(a for a in actions if a not in named)


@pytest.mark.parametrize('split, each', [('train', 8), ('test', 5)])
def test_open_questions__follow_from_the_scene(corpus, split, each) -> None:
    scenes = scenes_of(corpus, split)
    rows = read_lines(corpus / 'annotations' / f'qa_{split}.jsonl')
    asked = Counter(row['clip_name'] for row in rows)
    for name, scene in scenes.items():
        if len(scene['actions']) == 1:
            assert asked[name] == each
        else:
            assert asked[name] == (6 if split == 'train' else 4)
    for row in rows:
        scene = scenes[row['clip_name']]
        assert row['answer'] == naive_answer(row['question'], scene), row
        kind = questions.question_type(row['question'])
        assert kind == row['answer_type']
        order = [a for a, _ in scene['actions']]
        if 'after' in row['question']:
            assert named_in(order[0], row['question'])
        if 'before' in row['question']:
            assert named_in(order[1], row['question'])
        if row['answer_type'] != 'number':
            several = re.search(
                r'(figure|circle|square|triangle|cross|ring)'
                r'(e?s)\b',
                row['question'],
            )
            assert bool(several) == (scene['number'] > 1), row


def is_true(question: str, option: str, scene: dict) -> bool:
    words, actions = option.split(), dict(scene['actions'])
    if len(words) == 4:
        plural = '' if scene['number'] == 1 else '(e?s)'
        return (
            NUMBERS[words[0]] == scene['number']
            and words[1] == scene['colour']
            and bool(re.fullmatch(scene['shape'] + plural, words[2]))
            and any(named_in(action, words[3]) for action in actions)
        )
    times = re.findall('(once|twice|three|four|five)', question)
    if times:
        number = NUMBERS.get(times[0]) or dict(once=1, twice=2)[times[0]]
        return actions.get(option) == number
    return option in actions and not named_in(option, question)


@pytest.mark.parametrize('split', corpora.SPLITS)
def test_choices__one_option_is_true(corpus: Path, split: str) -> None:
    scenes = scenes_of(corpus, split)
    rows = read_lines(corpus / 'annotations' / f'mc_{split}.jsonl')
    assert {row['clip_name'] for row in rows} == set(scenes)
    for row in rows:
        scene, options = scenes[row['clip_name']], row['options']
        assert len(set(options)) == 5
        true = [is_true(row['question'], o, scene) for o in options]
        assert true == [i == row['answer'] for i in range(5)], row
        if len(options[0].split()) == 1 and len(scene['actions']) == 2:
            assert any(named_in(o, row['question']) for o in options)


def test_choices__options_alone_do_not_tell() -> None:
    rng, hits = np.random.default_rng(0), []
    for scene in rng.permutation(np.array(events.all_scenes(), object))[:400]:
        found = questions.choice_questions(events.Scene(*scene), rng)[0]
        words = [set(option.split()) for option in found.options]
        alike = [sum(len(w & other) for other in words) for w in words]
        hits.append(int(np.argmax(alike)) == found.answer)
    assert np.mean(hits) < 0.35  # it is one of four


def test_questions__answers_are_balanced() -> None:
    plan = corpora.plan_events(Path(), corpora.EventSettings())
    for items in plan.values():
        counts: dict[str, Counter] = {}
        for item in items:
            for _, answer, kind in questions.open_questions(item.scene):
                counts.setdefault(kind, Counter())[answer] += 1
        assert {kind: len(c) for kind, c in counts.items()} == dict(
            colour=5, shape=5, number=4, repetition=5, action=6, transition=6
        )
        for count in counts.values():
            share = max(count.values()) / sum(count.values())
            assert share < 1.7 / len(count)


def test_corpus__unseen_and_checked(corpus: Path, tmp_path: Path) -> None:
    seen, asked = (
        [
            {k: v for k, v in row.items() if k != 'clip_name'}
            for row in scenes_of(corpus, split).values()
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


def test_corpus__videos_are_read_by_decord(corpus: Path) -> None:
    videos = sorted((corpus / 'videos').iterdir())
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


def test_corpus__is_read_by_the_dataset(corpus: Path) -> None:
    options = dict(
        pipeline=[],
        data_root=str(corpus),
        data_prefix=dict(video='videos'),
        test_mode=True,
    )
    opened = VideoQuestionAnswering(
        'annotations/qa_test.jsonl',
        answers=dict(format='open', vocabulary='annotations/answers.json'),
        **options,
    )
    rows = read_lines(corpus / 'annotations' / 'qa_test.jsonl')
    answers = json.loads((corpus / 'annotations' / 'answers.json').read_text())
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


def test_generate_events__same_bytes_and_once(corpus, tmp_path) -> None:
    corpora.generate_events(tmp_path / 'again', SMALL, processes=1)
    for path in corpus.rglob('*'):
        if path.is_file():
            other = tmp_path / 'again' / path.relative_to(corpus)
            assert other.read_bytes() == path.read_bytes()
    assert not corpora.generate_events(corpus, SMALL)


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


def test_question_type__unknown() -> None:
    with pytest.raises(ValueError, match="but got 'why is it red'"):
        questions.question_type('why is it red')
