# Copyright (c) clipbert_mm contributors.
"""Image-text models on our parts against transformers' own classes.

One frame and one clip give the scores of transformers; several clips and
texts give what a loop over the pairs gives.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor, nn

from clipbert_mm.models.explanation.recorded_head import explain_pairs
from clipbert_mm.models.onnx.head_graph import head_graph
from clipbert_mm.models.text_bank import TextBank
from tests.toolbox.small_image_text import (
    OPTIONS,
    VISION,
    frames_and_texts,
    make_pretrained,
)


class Case(NamedTuple):
    name: str
    class_name: str
    backbone: dict[str, Any]
    width: int
    head: dict[str, Any]
    task: dict[str, Any]
    theirs: Callable[[Any, Tensor, Tensor, Tensor], Tensor]  # (B, K)


RANK = dict(type='RetrievalTask', loss_type='rank')


def of_images(model: Any, frames: Tensor, ids: Tensor, _: Tensor) -> Tensor:
    logits = model(input_ids=ids, pixel_values=frames).logits_per_image
    return logits.diagonal()[:, None]


def logits_of(model: Any, frames: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    return model(
        input_ids=ids, pixel_values=frames, attention_mask=mask
    ).logits


def matching(model: Any, frames: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    return model(
        input_ids=ids, pixel_values=frames, attention_mask=mask
    ).itm_score


def contrast(model: Any, frames: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    return model(
        input_ids=ids,
        pixel_values=frames,
        attention_mask=mask,
        use_itm_head=False,
    ).itm_score.diagonal()[:, None]


def matching_of_queries(
    model: Any, frames: Tensor, ids: Tensor, mask: Tensor
) -> Tensor:
    return model(
        input_ids=ids,
        pixel_values=frames,
        attention_mask=mask,
        use_image_text_matching_head=True,
    ).logits_per_image


def best_query(
    model: Any, frames: Tensor, ids: Tensor, mask: Tensor
) -> Tensor:
    logits = model(
        input_ids=ids, pixel_values=frames, attention_mask=mask
    ).logits_per_image
    return logits.diagonal()[:, None]


CASES = {
    'BLIP matching': Case(
        'blip',
        'BlipForImageTextRetrieval',
        dict(type='TransformersVision'),
        20,
        dict(type='BlipMatchingHead'),
        dict(type='RetrievalTask'),
        matching,
    ),
    'BLIP contrast': Case(
        'blip',
        'BlipForImageTextRetrieval',
        dict(type='TransformersVision', output='first'),
        20,
        dict(type='DualEncoderHead', bias=0.0),
        RANK,
        contrast,
    ),
    'BLIP-2 matching': Case(
        'blip2',
        'Blip2ForImageTextRetrieval',
        dict(type='TransformersVision'),
        20,
        dict(type='Blip2MatchingHead'),
        dict(type='RetrievalTask'),
        matching_of_queries,
    ),
    'BLIP-2 contrast': Case(
        'blip2',
        'Blip2ForImageTextRetrieval',
        dict(type='TransformersVision'),
        20,
        dict(type='Blip2ContrastiveHead', bias=0.0),
        RANK,
        best_query,
    ),
    'BridgeTower': Case(
        'bridgetower',
        'BridgeTowerForImageAndTextRetrieval',
        dict(type='BridgeTowerVision'),
        3 * 64,
        dict(type='BridgeTowerHead'),
        dict(type='RetrievalTask'),
        logits_of,
    ),
    'CLIP': Case(
        'clip',
        'CLIPModel',
        dict(type='TransformersVision', output='pooled'),
        20,
        dict(type='DualEncoderHead', bias=0.0),
        RANK,
        of_images,
    ),
    'SigLIP': Case(
        'siglip',
        'SiglipModel',
        dict(type='TransformersVision', output='pooled'),
        20,
        dict(type='DualEncoderHead'),
        RANK,
        of_images,
    ),
    'ViLT': Case(
        'vilt',
        'ViltForImageAndTextRetrieval',
        dict(type='ViltPatches'),
        24,
        dict(type='ViltHead'),
        RANK,
        logits_of,
    ),
    'ViLT answers': Case(
        'vilt_qa',
        'ViltForQuestionAnswering',
        dict(type='ViltPatches'),
        24,
        dict(type='ViltHead', use='answering'),
        dict(type='OpenEndedQATask', vocabulary=list('abcdefg')),
        logits_of,
    ),
}


def build(case: Case, folder: Path, **task: Any) -> nn.Module:
    return MODELS.build(
        dict(
            type='ClipBERT',
            backbone=dict(case.backbone, model=str(folder)),
            neck=dict(type='TokenFusion', out_channels=case.width),
            head=dict(case.head, model=str(folder)),
            consensus=dict(type='ConsensusAggregator', aggregation='mean'),
            task={**case.task, **task},
        )
    ).eval()


@pytest.fixture(scope='module', params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope='module')
def pretrained(
    case: Case, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, Path]:
    folder = tmp_path_factory.mktemp(case.name)
    return make_pretrained(folder, OPTIONS[case.name], case.class_name), folder


@torch.no_grad()
def test_one_frame_and_one_clip_give_the_logits_of_transformers(
    case: Case, pretrained: tuple[Any, Path]
) -> None:
    model, folder = pretrained
    frames, ids, mask = frames_and_texts()
    expected = case.theirs(model, frames, ids, mask)
    found = build(case, folder)(
        dict(
            imgs=frames[:, None, :, None],
            input_ids=ids[:, None],
            attention_mask=mask[:, None],
        )
    )
    assert expected.std() > 1e-3
    torch.testing.assert_close(found[:, 0, 0], expected, rtol=0, atol=1e-5)


@torch.no_grad()
def test_clips_and_texts_equal_a_loop_over_the_pairs(
    case: Case, pretrained: tuple[Any, Path]
) -> None:
    model, folder = pretrained
    frames, ids, mask = frames_and_texts()
    found = build(case, folder)(
        dict(
            imgs=frames[None, :, :, None],  # one video of three clips
            input_ids=ids[None],
            attention_mask=mask[None],
        )
    )
    for text in range(3):
        for clip in range(3):
            pair = (t[i : i + 1] for t, i in ((ids, text), (mask, text)))
            expected = case.theirs(model, frames[clip : clip + 1], *pair)
            torch.testing.assert_close(
                found[0, text, clip], expected[0], rtol=0, atol=1e-5
            )


@torch.no_grad()
def test_bank_gives_the_scores_of_the_plain_path(
    case: Case, pretrained: tuple[Any, Path]
) -> None:
    if case.task['type'] != 'RetrievalTask':
        return  # answers are not scored with a bank of captions
    frames, ids, mask = frames_and_texts()
    if case.name == 'siglip':  # reads padding, so it has no mask
        mask = torch.ones_like(mask)
    model = build(case, pretrained[1])
    imgs = frames[None, :, :, None]
    logits = model(
        dict(imgs=imgs, input_ids=ids[None], attention_mask=mask[None])
    )
    (sample,) = model(
        dict(imgs=imgs),
        [ActionDataSample()],
        mode='predict',
        text_bank=TextBank(ids, mask),
    )
    torch.testing.assert_close(
        sample.match_score, model.match_scores(logits)[0], rtol=0, atol=1e-5
    )


@pytest.mark.slow
def test_a_few_steps_learn_two_pairs(
    case: Case, pretrained: tuple[Any, Path]
) -> None:
    torch.manual_seed(0)
    head = {key: case.head[key] for key in case.head if key != 'bias'}
    model = build(case._replace(head=head), pretrained[1]).train()
    frames, ids, mask = frames_and_texts()
    inputs = dict(
        imgs=frames[:2, None, :, None],
        input_ids=ids[:2].expand(2, 2, -1),
        attention_mask=mask[:2].expand(2, 2, -1),
    )
    samples = [ActionDataSample() for _ in range(2)]
    for i, sample in enumerate(samples):
        sample.set_field([int(i == j) for j in range(2)], 'text_labels')
        sample.set_field([i, 1 - i], 'answer_labels')
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    losses = []
    for _ in range(60):
        loss = sum(model(inputs, samples, mode='loss').values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


@torch.no_grad()
def test_patches_are_a_map_after_the_class_and_the_registers() -> None:
    options = dict(VISION, model_type='dinov2_with_registers')
    vision = MODELS.build(
        dict(type='TransformersVision', model=options, output='patches')
    ).eval()
    frames = torch.randn(2, 3, 24, 40)  # 3 x 5 patches
    found = vision(frames)
    tokens = vision.tower(pixel_values=frames).last_hidden_state
    assert found.shape == (2, VISION['hidden_size'], 3, 5)
    assert tokens.shape[1] == 1 + 4 + 15
    for row in range(3):
        for column in range(5):
            place = 1 + 4 + 5 * row + column
            assert torch.equal(found[:, :, row, column], tokens[:, place])


@pytest.mark.parametrize('kind', ['blip2', 'bridgetower', 'vit'])
def test_models_without_two_vectors_are_no_dual_encoders(kind: str) -> None:
    options = OPTIONS[kind]
    with pytest.raises(
        ValueError,
        match=f"a SigLIP or a BLIP, but got a '{options['model_type']}'",
    ):
        MODELS.build(dict(type='DualEncoderHead', model=options))


def test_layers_of_bert_are_not_looked_for_in_other_heads(
    case: Case, pretrained: tuple[Any, Path]
) -> None:
    head = build(case, pretrained[1]).head
    zeros = torch.zeros(1, 1, 1, 1)
    with pytest.raises(ValueError, match=f'model has a {case.head["type"]}'):
        head_graph(head)
    with pytest.raises(ValueError, match=f'model has a {case.head["type"]}'):
        explain_pairs(head, zeros, None, zeros, torch.sum)
