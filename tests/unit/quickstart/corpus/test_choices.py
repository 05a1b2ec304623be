# Copyright (c) clipbert_mm contributors.
"""Tests of questions with options: one is true, and none gives it away."""

import re
from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.quickstart.corpus import choices, events
from clipbert_mm.quickstart.corpus import event_corpus as corpora
from clipbert_mm.quickstart.corpus.annotations import read_lines

from .conftest import NUMBERS, named_in, scenes_of


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


@pytest.mark.slow
@pytest.mark.parametrize('split', corpora.SPLITS)
def test_choices__one_option_is_true(event_corpus: Path, split: str) -> None:
    scenes = scenes_of(event_corpus, split)
    rows = read_lines(event_corpus / 'annotations' / f'mc_{split}.jsonl')
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
        found = choices.choice_questions(events.Scene(*scene), rng)[0]
        words = [set(option.split()) for option in found.options]
        alike = [sum(len(w & other) for other in words) for w in words]
        hits.append(int(np.argmax(alike)) == found.answer)
    assert np.mean(hits) < 0.35  # it is one of four
