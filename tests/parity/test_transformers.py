# Copyright (c) clipbert_mm contributors.
"""The head equals independent implementations of Hugging Face.

On text alone it is BERT. On text and grid it is TVP, a model for temporal
grounding that reuses ClipBERT's transformer under other names.
"""

import inspect

import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel, TvpConfig
from transformers.models.tvp.modeling_tvp import (
    TvpEncoder,
    TvpPooler,
    TvpTextInputEmbeddings,
    TvpVisualInputEmbedding,
)

from clipbert_mm.models import BertCrossModalHead
from tests.toolbox.tiny_models import all_states

SIZES = dict(
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=48,
    vocab_size=50,
    max_position_embeddings=20,
)

# Our name of each name of TVP, in the order of replacement.
TVP_NAMES = {
    'attention.query': 'attention.self.query',
    'attention.key': 'attention.self.key',
    'attention.value': 'attention.self.value',
    'attention.dense': 'attention.output.dense',
    'attention.layer_norm': 'attention.output.LayerNorm',
    'layer_norm': 'LayerNorm',
}


def randomise(module: nn.Module, seed: int) -> None:
    """Draw weights that are large enough to make every part matter."""
    generator = torch.Generator().manual_seed(seed)
    for name, param in module.named_parameters():
        draw = torch.randn(param.shape, generator=generator)
        scale = 0.3 if param.ndim > 1 else 0.1
        is_norm = name.endswith('orm.weight')
        param.data.copy_(draw * scale + (1.0 if is_norm else 0.0))


@pytest.fixture
def head() -> BertCrossModalHead:
    head = BertCrossModalHead(SIZES, max_grid_size=10)
    randomise(head, seed=0)
    return head.eval()


@pytest.fixture
def texts() -> tuple[Tensor, Tensor]:
    """Return three captions of 7, 5 and 2 tokens."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(1, 50, (3, 7), generator=generator)
    mask = (torch.arange(7) < torch.tensor([[7], [5], [2]])).long()
    return ids * mask, mask


@torch.no_grad()
def test_head__text_alone_equals_bert_model(head, texts):
    ids, mask = texts
    bert = BertModel(BertConfig(**SIZES)).eval()
    bert.load_state_dict(head.bert.state_dict(), strict=True)
    expected = bert(input_ids=ids, attention_mask=mask)
    no_grid = torch.zeros(1, 1, 0, 0, 32)
    states = all_states(head, no_grid, ids[None], mask[None])
    assert states.shape == (3, 7, 32)
    real = mask.bool()
    torch.testing.assert_close(
        states[real], expected.last_hidden_state[real], rtol=0, atol=1e-5
    )
    torch.testing.assert_close(
        head.bert['pooler'](states), expected.pooler_output, rtol=0, atol=1e-5
    )


def test_head__drops_out_as_bert_does():
    """In training the same draws give the same outputs as BERT's encoder."""
    options = dict(
        SIZES, attention_probs_dropout_prob=0.4, hidden_dropout_prob=0.2
    )
    head = BertCrossModalHead(options).train()
    bert = BertModel(BertConfig(**options)).train()
    bert.load_state_dict(head.bert.state_dict(), strict=True)
    tokens = torch.randn(2, 6, 32)
    torch.manual_seed(3)
    expected = bert.encoder(tokens)[0]
    torch.manual_seed(3)
    torch.testing.assert_close(head.encode(tokens), expected)
    assert not torch.allclose(head.encode(tokens), expected)


def our_names(module: nn.Module) -> dict[str, Tensor]:
    """Return the state dict of a part of TVP under our names."""
    renamed = {}
    for name, value in module.state_dict().items():
        for old, new in TVP_NAMES.items():
            if old in name and new not in name:
                name = name.replace(old, new)
                break
        renamed[name] = value
    return renamed


def make_tvp() -> nn.ModuleDict:
    """Build the parts of TVP that ClipBERT has too, with random weights."""
    config = TvpConfig(
        **SIZES,
        type_vocab_size=2,
        max_grid_row_position_embeddings=10,
        max_grid_col_position_embeddings=10,
    )
    parts = nn.ModuleDict(
        dict(
            text=TvpTextInputEmbeddings(config),
            visual=TvpVisualInputEmbedding(config),
            encoder=TvpEncoder(config),
            pooler=TvpPooler(config),
        )
    )
    randomise(parts, seed=2)
    return parts.eval()


def run_tvp(
    parts: nn.ModuleDict, ids: Tensor, mask: Tensor, grid: Tensor
) -> tuple[Tensor, Tensor]:
    """Encode one caption and one clip of several frames."""
    visual = parts['visual'](grid)
    states = torch.cat([parts['text'](input_ids=ids), visual], 1)
    mask = torch.cat([mask, torch.ones(1, visual.shape[1])], 1)
    options = dict(
        attention_mask=(1.0 - mask)[:, None, None] * -10000.0, return_dict=True
    )
    # Transformers 4 requires a head mask for each layer.
    if 'head_mask' in inspect.signature(parts['encoder'].forward).parameters:
        options['head_mask'] = [None] * SIZES['num_hidden_layers']
    states = parts['encoder'](states, **options).last_hidden_state
    return states, parts['pooler'](states)


@torch.no_grad()
def test_head__text_and_grid_equal_tvp(head, texts):
    ids, mask = texts
    parts = make_tvp()
    head.bert['embeddings'].load_state_dict(our_names(parts['text']))
    head.bert['encoder'].load_state_dict(our_names(parts['encoder']))
    head.bert['pooler'].load_state_dict(our_names(parts['pooler']))
    visual = our_names(parts['visual'])
    del visual['position_embeddings.weight']  # not used by TVP either
    head.grid_embedding.load_state_dict(visual)
    frames = torch.randn(1, 2, 3, 4, 32)  # (N, T, rows, columns, D)
    for row in range(3):  # TVP takes one video at a time
        one = slice(row, row + 1)
        expected, pooled = run_tvp(parts, ids[one], mask[one], frames)
        states = all_states(
            head, frames.mean(1)[:, None], ids[None, one], mask[None, one]
        )
        torch.testing.assert_close(states, expected, rtol=0, atol=1e-5)
        torch.testing.assert_close(
            head.bert['pooler'](states), pooled, rtol=0, atol=1e-5
        )


@torch.no_grad()
def test_head__grid_embedding_equals_tvp(head):
    visual = make_tvp()['visual']
    state = our_names(visual)
    del state['position_embeddings.weight']
    head.grid_embedding.load_state_dict(state)
    frames = torch.randn(1, 2, 3, 5, 32)
    torch.testing.assert_close(
        head.grid_embedding(frames.mean(1)[:, None])[:, 0],
        visual(frames),
        rtol=0,
        atol=1e-5,
    )
