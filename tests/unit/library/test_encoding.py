# Copyright (c) clipbert_mm contributors.
"""Tests of encoding files in this process."""

from pathlib import Path

import pytest
import torch

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.library import VideoLibrary
from clipbert_mm.library.encoding import local_engine
from clipbert_mm.library.file_facts import content_digest, facts_of
from clipbert_mm.library.packing import unpack_tokens

from .conftest import CLIPS


@pytest.mark.slow
def test_local_engine__rows_and_reasons_in_order(
    library: VideoLibrary, videos: Path, inferencer: ClipBERTInferencer
) -> None:
    paths = sorted(videos.iterdir())[-2:]  # a video, and a page
    files = [facts_of(str(path)) for path in paths]
    engine = local_engine(library._model, library._config, 'float16')
    read, page = engine(files)
    assert (read.position, page.position) == (0, 1)
    assert read.digest == content_digest(str(paths[0]))
    assert isinstance(page.clips, str)
    assert 'it is a web page' in page.clips
    assert not isinstance(read.clips, str)
    assert [clip.clip for clip in read.clips] == list(range(CLIPS))
    (known,) = library._model.features([str(paths[0])])
    cells, width = known.tokens.shape[1:]
    grids = [clip.grid for clip in read.clips]
    torch.testing.assert_close(
        unpack_tokens(grids, cells, width, 'float16'),
        known.tokens,
        atol=2e-3,
        rtol=1e-3,
    )
