# Copyright (c) clipbert_mm contributors.
"""Tests of decoding in this process and in others."""

from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.library.decoding import decode_files


@pytest.mark.slow
def test_decode__workers_give_the_clips_of_one_process(
    inferencer: ClipBERTInferencer, some_videos: Path
) -> None:
    paths = sorted(str(path) for path in some_videos.iterdir())
    config = inferencer.cfg
    alone = list(decode_files(config, paths))
    together = list(decode_files(config, paths, workers=2))
    assert [type(one) for one in alone] == [type(one) for one in together]
    for one, other in zip(alone, together):
        if isinstance(one, str):
            assert one == other
            assert 'it is a web page' in one
        else:
            assert not isinstance(other, str)
            assert np.array_equal(one.frames, other.frames)
            assert one.times == other.times


def test_decode__files_that_are_unreadable(
    inferencer: ClipBERTInferencer, tmp_path: Path
) -> None:
    (tmp_path / 'empty.mp4').touch()
    paths = [str(tmp_path / name) for name in ('empty.mp4', 'none.mp4')]
    reasons = list(decode_files(inferencer.cfg, paths))
    assert all(isinstance(reason, str) and reason for reason in reasons)
