# Copyright (c) clipbert_mm contributors.
"""A tiny retrieval model, and what the runner's test of it gave."""

import json
from typing import NamedTuple

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from clipbert_mm.apis import ClipBERTInferencer
from tests.toolbox.shrink import make_corpus, shrink
from tests.toolbox.tiny_models import fixed_init


class Trained(NamedTuple):
    """A config, its checkpoint and what its test gave."""

    cfg: Config
    checkpoint: str
    videos: list[str]
    captions: list[str]
    scores: np.ndarray  # (N, M)


@pytest.fixture(scope='session')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp('search')
    corpus = make_corpus(tmp_path_factory.mktemp('corpus'))
    cfg = shrink('clipbert_msrvtt_ret', corpus, work_dir=str(folder))
    cfg.test_evaluator.out_file = str(folder / 'scores.npz')
    init_default_scope('mmaction')
    checkpoint = str(folder / 'tiny.pth')
    torch.save(
        dict(state_dict=fixed_init(MODELS.build(cfg.model)).state_dict()),
        checkpoint,
    )
    cfg.load_from = checkpoint
    Runner.from_cfg(cfg).test()
    saved = np.load(folder / 'scores.npz')
    videos = [str(corpus / 'videos' / f'{v}.mp4') for v in saved['video_ids']]
    lines = (corpus / 'test.jsonl').read_text().splitlines()
    captions = [json.loads(line)['caption'] for line in lines]
    return Trained(cfg, checkpoint, videos, captions, saved['scores'].T)


@pytest.fixture(scope='session')
def inferencer(trained: Trained) -> ClipBERTInferencer:
    return ClipBERTInferencer(trained.cfg, trained.checkpoint, device='cpu')
