# Copyright (c) clipbert_mm contributors.
"""Tests of opening the model of an index."""

import dataclasses
from pathlib import Path

import pytest

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.library.opened_model import (
    describe_grids,
    grid_shape,
    open_model,
)


def test_open_model__is_known_by_weights_and_pipeline(tmp_path: Path) -> None:
    ClipBERTInferencer('demo', device='cpu').save_pretrained(tmp_path)
    demo = open_model('demo', None, 'cpu', 3)
    copy = open_model(tmp_path, None, 'cpu', 3)
    assert (demo.name, copy.name) == ('demo', str(tmp_path))
    shape = grid_shape(demo.model)
    about = describe_grids(demo, 'int8', shape)
    other = describe_grids(copy, 'int8', shape)
    assert dataclasses.replace(other, model='demo') == about
    assert (about.num_clips, about.tokens, about.width) == (3, *shape)
    more = open_model('demo', None, 'cpu', 4)
    assert describe_grids(more, 'int8', shape) != about


def test_open_model__that_matches_no_texts() -> None:
    with pytest.raises(ValueError, match='does not match texts with videos'):
        open_model('demo-qa', None, 'cpu', 3)
