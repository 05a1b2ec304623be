# Copyright (c) clipbert_mm contributors.
"""Videos of a loader are scored and kept, against one pair at a time."""

from pathlib import Path

import pytest
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor, nn

from clipbert_mm.gallery.progress import PassProgress
from clipbert_mm.gallery.scoring import score_videos
from clipbert_mm.gallery.store import ScoreStore
from clipbert_mm.models.pair_scorer import PairScorer
from clipbert_mm.models.text_bank import TextBank
from tests.toolbox.tiny_models import tiny_clipbert, tiny_inputs

# Videos of the loader: their indices in the dataset.
VIDEO_INDS = [7, 2, 5]
UNREADABLE = 2


@pytest.fixture(scope='module')
def model() -> nn.Module:
    return tiny_clipbert().eval()


@pytest.fixture(scope='module')
def inputs() -> dict[str, Tensor]:
    return tiny_inputs(num_videos=3)


@pytest.fixture
def store(tmp_path: Path) -> ScoreStore:
    store = ScoreStore(tmp_path, {})
    store.open()
    return store


def batches(inputs: dict[str, Tensor], unreadable: int | None) -> list[dict]:
    """Return what a loader yields: two videos, then one."""
    result = []
    for inds in (VIDEO_INDS[:2], VIDEO_INDS[2:]):
        samples = []
        for ind in inds:
            sample = ActionDataSample()
            if ind == unreadable:
                sample.set_field('it is empty', 'load_error')
            samples.append(sample)
        rows = [VIDEO_INDS.index(i) for i in inds if i != unreadable]
        frames = dict(imgs=inputs['imgs'][rows])
        result.append(dict(inputs=frames, data_samples=samples))
    return result


@torch.no_grad()
@pytest.mark.parametrize('unreadable', [None, UNREADABLE])
@pytest.mark.parametrize('chosen', [False, True])
def test_score_videos__equals_the_model(
    model: nn.Module,
    inputs: dict[str, Tensor],
    store: ScoreStore,
    unreadable: int | None,
    chosen: bool,
) -> None:
    texts = {key: inputs[key][0] for key in ('input_ids', 'attention_mask')}
    bank = TextBank.from_tokens(texts)
    text_inds = None
    if chosen:
        text_inds = [torch.tensor([i % 2, i % 2 + 2]) for i in range(8)]
    lines: list[str] = []
    reasons = score_videos(
        batches(inputs, unreadable),
        VIDEO_INDS,
        lambda batch, training: batch,
        PairScorer(model, bank, 20),
        text_inds,
        store,
        PassProgress(3, lines.append),
    )
    assert reasons == ({} if unreadable is None else {2: 'it is empty'})
    readable = [ind for ind in VIDEO_INDS if ind not in reasons]
    assert store.video_inds() == set(readable)
    for ind in readable:
        frames = inputs['imgs'][[VIDEO_INDS.index(ind)]]
        every = model(
            dict(imgs=frames, **{k: v[None] for k, v in texts.items()})
        )[0]
        own = torch.arange(4) if text_inds is None else text_inds[ind]
        kept = store.read(ind)
        assert torch.equal(kept.text_inds, own)
        torch.testing.assert_close(kept.clip_logits, every[own])
    assert len(lines) == 1  # all three were counted


def test_score_videos__keeps_each_before_the_next_is_loaded(
    model: nn.Module, inputs: dict[str, Tensor], store: ScoreStore
) -> None:
    bank = TextBank(inputs['input_ids'][0], inputs['attention_mask'][0])
    kept = []

    def loader():
        for batch in batches(inputs, None):
            kept.append(store.video_inds())
            yield batch
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_videos(
            loader(),
            VIDEO_INDS,
            lambda batch, training: batch,
            PairScorer(model, bank, 64),
            None,
            store,
            PassProgress(3, lambda line: None),
        )
    assert kept == [set(), {7, 2}]
    assert store.video_inds() == {7, 2, 5}
