# Copyright (c) clipbert_mm contributors.
"""Head: pairs, padding, sampled cells, options."""

from pathlib import Path

import pytest
import torch

from clipbert_mm.models import BertCrossModalHead
from tests.toolbox.tiny_models import BERT, fixed_init, tiny_inputs
from tests.toolbox.vocabulary import write_vocabulary

GRID = torch.randn(2, 3, 2, 4, 8, generator=torch.Generator().manual_seed(3))


def tiny_head(**options: object) -> BertCrossModalHead:
    return fixed_init(
        BertCrossModalHead(BERT, max_grid_size=8, **options)
    ).eval()


def texts() -> tuple[torch.Tensor, torch.Tensor]:
    inputs = tiny_inputs()
    return inputs['input_ids'], inputs['attention_mask']


def test_head__every_pair_alone_gives_the_same_logits() -> None:
    head, (ids, mask) = tiny_head(), texts()
    together = head(GRID, ids, mask).clip_logits
    assert together.shape == (2, 4, 3, 2)
    for video in range(2):
        for text in range(4):
            for clip in range(3):
                alone = head(
                    GRID[video, clip][None, None],
                    ids[video, text][None, None],
                    mask[video, text][None, None],
                ).clip_logits
                torch.testing.assert_close(
                    together[video, text, clip], alone[0, 0, 0]
                )


def test_head__text_padding_does_not_change_logits() -> None:
    head, (ids, mask) = tiny_head(), texts()
    longer = [torch.nn.functional.pad(t, (0, 6)) for t in (ids, mask)]
    torch.testing.assert_close(
        head(GRID, ids, mask).clip_logits, head(GRID, *longer).clip_logits
    )


def test_head__shared_texts_equal_repeated_texts() -> None:
    head, (ids, mask) = tiny_head(), texts()
    shared = head(GRID, ids[:1], mask[:1]).clip_logits
    repeated = head(
        GRID, ids[:1].repeat(2, 1, 1), mask[:1].repeat(2, 1, 1)
    ).clip_logits
    assert torch.equal(shared, repeated)


def test_head__rows_and_columns_are_told_apart() -> None:
    head, (ids, mask) = tiny_head(), texts()
    square = torch.ones(2, 3, 2, 2, 8) * GRID[:, :, :, :2]
    turned = square.transpose(2, 3)
    assert not torch.allclose(
        head(square, ids, mask).clip_logits,
        head(turned, ids, mask).clip_logits,
        atol=1e-4,
    )


def test_head__samples_cells_in_training_only() -> None:
    head = tiny_head(num_sampled_cells=5)
    embed = head.grid_embedding
    assert embed(GRID).shape == (2, 3, 8, 8)
    everything = embed(GRID)
    drawn = embed.train()(GRID)
    assert drawn.shape == (2, 3, 5, 8)
    kept = [
        (everything[0, 0] == cell).all(-1).nonzero().item()
        for cell in drawn[0, 0]
    ]
    assert kept == sorted(set(kept))
    # One draw for the batch.
    assert torch.equal(drawn, everything[:, :, kept])


def test_head__frozen_trains_the_classifier_alone() -> None:
    head, (ids, mask) = tiny_head(frozen=True), texts()
    head(GRID, ids, mask).clip_logits.sum().backward()
    trained = {n for n, p in head.named_parameters() if p.grad is not None}
    assert trained == {
        'classifier.0.weight',
        'classifier.0.bias',
        'classifier.2.weight',
        'classifier.2.bias',
    }


def test_head__checkpointing_recomputes_and_changes_no_gradient() -> None:
    grads, calls = [], []
    for with_cp in (False, True):
        head, (ids, mask) = tiny_head(with_cp=with_cp).train(), texts()
        grid = GRID.clone().requires_grad_()
        seen = []
        for layer in head.bert['encoder'].layer:
            layer.intermediate.register_forward_pre_hook(
                lambda *_, seen=seen: seen.append(1)
            )
        head(grid, ids, mask).clip_logits.pow(2).sum().backward()
        grads.append(grid.grad)
        calls.append(len(seen))
    assert calls == [2, 4]  # both layers once more in the backward pass
    torch.testing.assert_close(*grads)


def test_head__cls_alone_equals_all_tokens_in_value_and_gradient() -> None:
    results = []
    for needs_text_states in (False, True):
        head, (ids, mask) = tiny_head().double(), texts()
        grid = GRID.double().requires_grad_()
        output = head(grid, ids, mask, needs_text_states)
        assert (output.text_states is None) is not needs_text_states
        output.clip_logits.pow(2).sum().backward()
        results.append(
            [output.clip_logits, grid.grad]
            + [p.grad for p in head.parameters()]
        )
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected)


def test_head__last_layer_computes_cls_alone() -> None:
    head, (ids, mask) = tiny_head(), texts()
    shapes = []
    for layer in head.bert['encoder'].layer:
        layer.output.register_forward_hook(
            lambda _, inputs, output: shapes.append(tuple(output.shape))
        )
    head(GRID, ids, mask)
    pairs, tokens = 2 * 4 * 3, ids.shape[2] + 2 * 4
    assert shapes == [(pairs, tokens, 8), (pairs, 1, 8)]


def test_head__without_a_mask_every_token_is_real() -> None:
    head, (ids, _) = tiny_head(), texts()
    text, visual = head.embed_texts(ids), head.grid_embedding(GRID)
    torch.testing.assert_close(
        head.match(text, None, visual).clip_logits,
        head(GRID, ids, torch.ones_like(ids)).clip_logits,
    )


def test_head__initialised_as_bert() -> None:
    torch.manual_seed(0)
    big = dict(BERT, hidden_size=64, vocab_size=500)
    head = BertCrossModalHead(big)
    head.init_weights()
    for weight in (
        head.word_embeddings,
        head.classifier[0].weight,
        head.grid_embedding.row_position_embeddings.weight,
        head.bert['pooler'].dense.weight,
    ):
        assert weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_head__pretrained_folder_survives_init_weights(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    saved = BertModel(BertConfig(**BERT))
    saved.save_pretrained(tmp_path)
    head = BertCrossModalHead(str(tmp_path))
    head.init_weights()
    for name, value in saved.state_dict().items():
        assert torch.equal(head.state_dict()[f'bert.{name}'], value), name


def test_head__half_precision_folder_is_read_in_float32(
    tmp_path: Path,
) -> None:
    from transformers import BertConfig, BertModel

    BertModel(BertConfig(**BERT)).half().save_pretrained(tmp_path)
    head, (ids, mask) = BertCrossModalHead(str(tmp_path)), texts()
    assert head(GRID, ids, mask).clip_logits.dtype == torch.float32


def test_head__wrong_options(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'cosine'"):
        BertCrossModalHead(BERT, classifier='cosine')
    with pytest.raises(ValueError, match='got 0'):
        BertCrossModalHead(BERT, num_classes=0)
    with pytest.raises(ValueError, match='got 0'):
        BertCrossModalHead(BERT, num_sampled_cells=0)
    with pytest.raises(OSError, match=f'{tmp_path}.*head.bert'):
        BertCrossModalHead(str(tmp_path))
    with pytest.raises(ValueError, match='9x1.*8 rows'):
        tiny_head().grid_embedding(torch.zeros(1, 1, 9, 1, 8))


def test_head__vocabulary_must_match_the_tokenizer(tmp_path: Path) -> None:
    tokenizer = write_vocabulary(tmp_path, ['a', 'dog'])
    with pytest.raises(ValueError, match='has 7 words.*for 20'):
        BertCrossModalHead(BERT, tokenizer=tokenizer)
    BertCrossModalHead(dict(BERT, vocab_size=7), tokenizer=tokenizer)


def test_head__frozen_text_trains_all_but_the_text_embeddings() -> None:
    bert = dict(BERT, hidden_dropout_prob=0.5)
    head = fixed_init(BertCrossModalHead(bert, frozen_text=True)).train()
    ids, mask = texts()
    head(GRID, ids, mask).clip_logits.sum().backward()
    resting = {n for n, p in head.named_parameters() if p.grad is None}
    prefix = 'bert.embeddings.'
    assert resting == {
        f'{prefix}{table}_embeddings.weight'
        for table in ('word', 'position', 'token_type')
    } | {f'{prefix}LayerNorm.weight', f'{prefix}LayerNorm.bias'}
    # Dropout is no parameter: it stays.
    embed = head.bert['embeddings']
    assert not torch.equal(embed(ids[0]), embed(ids[0]))
