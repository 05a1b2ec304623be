# Copyright (c) clipbert_mm contributors.
"""Logits of all pairs against transformers' BERT, one pair at a time."""

from unittest import mock

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from clipbert_mm.models.heads import bert_cross_modal_head
from clipbert_mm.models.pair_scorer import PairScorer
from clipbert_mm.models.text_bank import TextBank
from tests.toolbox.tiny_models import BERT, tiny_clipbert, tiny_inputs

LENGTHS = [5, 2, 4, 5, 3, 5, 2]


def make_bank() -> TextBank:
    """Seven texts of two to five tokens."""
    mask = (torch.arange(5) < torch.tensor(LENGTHS)[:, None]).long()
    ids = torch.arange(35).view(7, 5) % 15 + 5
    return TextBank(ids * mask, mask)


def naive_logits(model: nn.Module, frames: Tensor, bank: TextBank) -> Tensor:
    """``(N, M, C, K)``: each pair alone, through transformers' BERT."""
    head = model.head
    bert = BertModel(BertConfig(**BERT)).eval()
    bert.load_state_dict(head.bert.state_dict())
    logits = torch.empty(len(frames), 7, frames.shape[1], 2)
    for n, text, clip in np.ndindex(*logits.shape[:3]):
        one_clip = frames[n, clip]  # (3, T, H, W)
        features = model.backbone(one_clip.transpose(0, 1))[None]
        visual = head.grid_embedding(model.neck(features)[None])[0, 0]
        ids = bank.input_ids[text, : LENGTHS[text]]
        tokens = torch.cat([bert.embeddings(ids[None])[0], visual])[None]
        states = bert.encoder(tokens).last_hidden_state
        logits[n, text, clip] = head.classifier(bert.pooler(states))[0]
    return logits


@pytest.fixture(scope='module')
def expected() -> Tensor:
    with torch.no_grad():
        return naive_logits(
            tiny_clipbert().eval(), tiny_inputs()['imgs'], make_bank()
        )


@pytest.mark.parametrize('budget', [1, 20, 50, 100, 65536])
@pytest.mark.parametrize('inds', [None, [6, 0, 3], [2, 2], []])
def test_pair_scorer__equals_one_pair_at_a_time(
    budget: int, inds: list[int] | None, expected: Tensor
) -> None:
    scorer = PairScorer(tiny_clipbert().eval(), make_bank(), budget)
    visual = scorer.encode_clips(tiny_inputs()['imgs'])
    assert visual.shape == (2, 3, 4, 8)
    if inds is not None:
        expected = expected[:, inds]
        inds = torch.tensor(inds, dtype=torch.long)
    logits = scorer.clip_logits(visual, inds)
    torch.testing.assert_close(logits, expected)


@pytest.mark.parametrize('budget', [1, 20, 50, 100])
def test_pair_scorer__batches_keep_to_the_budget(budget: int) -> None:
    scorer = PairScorer(tiny_clipbert().eval(), make_bank(), budget)
    visual = scorer.encode_clips(tiny_inputs()['imgs'])
    sizes = []
    join = bert_cross_modal_head.join_tokens

    def spy(*args: Tensor) -> tuple[Tensor, Tensor | None]:
        tokens, mask = join(*args)
        sizes.append(tokens.shape[:2])
        return tokens, mask

    with mock.patch.object(bert_cross_modal_head, 'join_tokens', spy):
        scorer.clip_logits(visual)
    assert sum(pairs for pairs, _ in sizes) == 2 * 7 * 3
    assert all(
        pairs == 1 or pairs * length <= budget for pairs, length in sizes
    )
    # No padding at these lengths: less than 5 % would allow none.
    assert sum(pairs * (length - 4) for pairs, length in sizes) == (
        6 * sum(LENGTHS)
    )


def test_pair_scorer__cnn_once_for_a_clip_texts_once_for_a_block() -> None:
    model = tiny_clipbert().eval()
    scorer = PairScorer(model, make_bank(), 20)
    seen = dict(frames=0, tokens=0)
    model.backbone.register_forward_hook(
        lambda _, args, __: seen.update(frames=seen['frames'] + len(args[0]))
    )
    model.head.bert['embeddings'].register_forward_hook(
        lambda _, args, __: seen.update(
            tokens=seen['tokens'] + args[0].numel()
        )
    )
    scorer.clip_logits(scorer.encode_clips(tiny_inputs()['imgs']))
    assert seen == dict(frames=2 * 3 * 2, tokens=sum(LENGTHS))


def test_pair_scorer__no_graph_and_tensors_that_may_be_changed() -> None:
    scorer = PairScorer(tiny_clipbert().eval(), make_bank(), 100)
    visual = scorer.encode_clips(tiny_inputs()['imgs'])
    assert visual.is_inference()
    logits = scorer.clip_logits(visual)
    assert logits.grad_fn is None
    assert not logits.is_inference()
    assert logits.device.type == 'cpu'


def test_pair_scorer__autocast_as_told(expected: Tensor) -> None:
    scorer = PairScorer(tiny_clipbert().eval(), make_bank(), 100, 'bfloat16')
    visual = scorer.encode_clips(tiny_inputs()['imgs'])
    logits = scorer.clip_logits(visual)
    assert logits.dtype == torch.float32
    assert not torch.allclose(logits, expected, atol=1e-5)
    torch.testing.assert_close(logits, expected, atol=0.05, rtol=0.05)
    with torch.autocast('cpu', torch.bfloat16):
        around = PairScorer(tiny_clipbert().eval(), make_bank(), 100)
        torch.testing.assert_close(around.clip_logits(visual), logits)


class DotProducts:
    """Matcher whose logit is a dot product of a clip and a bag of words."""

    training = False
    num_classes = 1

    def encode_clips(self, frames: Tensor) -> Tensor:
        return frames.mean((3, 4, 5))[:, :, None]  # one token (N, C, 1, 3)

    def embed_texts(self, input_ids: Tensor) -> Tensor:
        waves = torch.tensor([0.3, 0.7, 1.1])
        return torch.sin(input_ids[..., None] * waves)

    def match(
        self, text: Tensor, text_mask: Tensor | None, visual: Tensor
    ) -> Tensor:
        if text_mask is not None:
            text = text * text_mask[..., None]
        logits = visual.sum(2)[:, None] * text.sum(2)[:, :, None]
        return logits.sum(-1, keepdim=True)


@pytest.mark.parametrize('budget', [1, 20, 65536])
@pytest.mark.parametrize('inds', [None, [6, 0, 3]])
def test_pair_scorer__scores_any_matcher(
    budget: int, inds: list[int] | None
) -> None:
    bank, frames = make_bank(), tiny_inputs()['imgs']
    scorer = PairScorer(DotProducts(), bank, budget)
    logits = scorer.clip_logits(
        scorer.encode_clips(frames),
        None if inds is None else torch.tensor(inds),
    )
    texts = range(7) if inds is None else inds
    assert logits.shape == (2, len(texts), 3, 1)
    for n, place, clip in np.ndindex(2, len(texts), 3):
        words = bank.input_ids[texts[place], : LENGTHS[texts[place]]]
        colour = frames[n, clip].mean((1, 2, 3))
        naive = sum(
            (torch.sin(word * torch.tensor([0.3, 0.7, 1.1])) * colour).sum()
            for word in words
        )
        torch.testing.assert_close(logits[n, place, clip, 0], naive)


def test_pair_scorer__wrong_options() -> None:
    model = tiny_clipbert().eval()
    with pytest.raises(ValueError, match='token_budget.*got 0'):
        PairScorer(model, make_bank(), 0)
    with pytest.raises(ValueError, match="bfloat16.*'int8'"):
        PairScorer(model, make_bank(), 100, 'int8')
    with pytest.raises(ValueError, match='training mode'):
        PairScorer(model.train(), make_bank(), 100)
