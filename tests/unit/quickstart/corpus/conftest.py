# Copyright (c) clipbert_mm contributors.
"""Small corpora that are really written, not to be changed."""

import re
from pathlib import Path

import pytest

from clipbert_mm.quickstart.corpus.annotations import read_lines
from clipbert_mm.quickstart.corpus.event_corpus import (
    EventSettings,
    generate_events,
)
from clipbert_mm.quickstart.corpus.scene_corpus import CorpusSettings, generate

SCENES = CorpusSettings(seed=3, images=12, videos=12, gallery=9)
EVENTS = EventSettings(seed=3, train=10, test=6, draws=2)
NUMBERS = dict(one=1, two=2, three=3, four=4, five=5)


@pytest.fixture(scope='session')
def scene_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of images and videos with captions."""
    root = tmp_path_factory.mktemp('scenes')
    assert generate(root, SCENES)
    return root


@pytest.fixture(scope='session')
def event_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of videos with questions."""
    root = tmp_path_factory.mktemp('events')
    assert generate_events(root, EVENTS)
    return root


def scenes_of(event_corpus: Path, split: str) -> dict[str, dict]:
    """Return the contents of the videos of a split, by name."""
    path = event_corpus / 'annotations' / f'scenes_{split}.jsonl'
    return {row['clip_name']: row for row in read_lines(path)}


def named_in(action: str, text: str) -> bool:
    """Whether a text names an action, as 'jump' or as 'jumping'."""
    stem = action.removesuffix('e')
    return bool(re.search(rf'\b{stem}(e|ing)?\b', text))
