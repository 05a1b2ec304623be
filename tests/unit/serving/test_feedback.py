# Copyright (c) clipbert_mm contributors.
"""Tests of judgements in the database."""

import os

from clipbert_mm.library import VideoLibrary
from clipbert_mm.serving.feedback import Feedback


def test_feedback__is_kept(library: VideoLibrary) -> None:
    name = os.fsdecode(b'/v\xff.mp4')
    Feedback(library.store).add('a dog', name, 1)
    Feedback(library.store).add('ein Hund', '/b.mp4', -1)
    rows = Feedback(library.store).rows()
    assert [(r['query'], r['path'], r['vote']) for r in rows[-2:]] == [
        ('a dog', name, 1),
        ('ein Hund', '/b.mp4', -1),
    ]
    assert rows[-1]['time'] >= rows[-2]['time'] > 0
