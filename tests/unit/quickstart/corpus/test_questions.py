# Copyright (c) clipbert_mm contributors.
"""Tests of open questions about event videos, read back by their words."""

import re
from collections import Counter
from pathlib import Path

import pytest

from clipbert_mm.quickstart.corpus import event_corpus as corpora
from clipbert_mm.quickstart.corpus import questions
from clipbert_mm.quickstart.corpus.annotations import read_lines
from clipbert_mm.quickstart.corpus.wordings import question_type

from .conftest import NUMBERS, named_in, scenes_of


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
def test_open_questions__follow_from_the_scene(
    event_corpus, split, each
) -> None:
    scenes = scenes_of(event_corpus, split)
    rows = read_lines(event_corpus / 'annotations' / f'qa_{split}.jsonl')
    asked = Counter(row['clip_name'] for row in rows)
    for name, scene in scenes.items():
        if len(scene['actions']) == 1:
            assert asked[name] == each
        else:
            assert asked[name] == (6 if split == 'train' else 4)
    for row in rows:
        scene = scenes[row['clip_name']]
        assert row['answer'] == naive_answer(row['question'], scene), row
        kind = question_type(row['question'])
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
