# Copyright (c) clipbert_mm contributors.
"""Image-text models of transformers that score videos as they are."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from clipbert_mm.apis import ClipBERTInferencer, VideoFrames
from clipbert_mm.apis.image_text_models import image_text_config, model_type
from tests.toolbox.shrink import WORDS
from tests.toolbox.small_image_text import write_with_words

TEXTS = ['a dog runs', 'a red dog sits on sand']
MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.3, 0.4]
CLASSES = dict(
    blip='BlipForImageTextRetrieval',
    blip2='Blip2ForImageTextRetrieval',
    bridgetower='BridgeTowerForImageAndTextRetrieval',
    clip='CLIPModel',
    siglip='SiglipModel',
    siglip2='SiglipModel',  # of a fixed resolution, with Gemma's tokenizer
    vilt='ViltForImageAndTextRetrieval',
)


def write_model(folder: Path, kind: str, class_name: str) -> Any:
    """Write a model with an image processor of its own colours."""
    model = write_with_words(folder, kind, class_name, WORDS)
    (folder / 'preprocessor_config.json').write_text(
        json.dumps(dict(image_mean=MEAN, image_std=STD))
    )
    return model


def video() -> VideoFrames:
    """Return 16 frames, all of noise, of the size that the models read."""
    generator = np.random.default_rng(3)
    frames = generator.integers(0, 256, (16, 32, 32, 3), np.uint8)
    return VideoFrames(frames, fps=2)


def frames_of_clips(inferencer: ClipBERTInferencer) -> Tensor:
    """Return the frame of each clip, normalised by its processor."""
    clips = inferencer.pipeline(video())
    frames = torch.from_numpy(clips.frames[:, :, 0]).float() / 255
    mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
    return (frames - mean) / std


def tokens(inferencer: ClipBERTInferencer, text: str, length: int) -> dict:
    """Return a text as the tokenizer of transformers encodes it."""
    tokenizer = inferencer._core.tokenize.tokenizer
    padding: Any = 'max_length' if length else False
    found = tokenizer(
        text, return_tensors='pt', padding=padding, max_length=length or None
    )
    return dict(input_ids=found.input_ids, mask=found.attention_mask)


def match_probability(model: Any, ids: Tensor, frame: Tensor) -> Tensor:
    return model(input_ids=ids, pixel_values=frame).itm_score


def similarity(model: Any, ids: Tensor, frame: Tensor) -> Tensor:
    logit = model(input_ids=ids, pixel_values=frame).logits_per_image
    if not hasattr(model, 'logit_bias'):  # CLIP: ours has a neutral point
        logit = logit - 0.25 * model.logit_scale.exp()
    return logit


def pair_logits(model: Any, ids: Tensor, frame: Tensor) -> Tensor:
    return model(input_ids=ids, pixel_values=frame).logits


def query_logits(model: Any, ids: Tensor, frame: Tensor) -> Tensor:
    return model(
        input_ids=ids,
        pixel_values=frame,
        attention_mask=torch.ones_like(ids),
        use_image_text_matching_head=True,
    ).logits_per_image


THEIRS: dict[str, Callable[[Any, Tensor, Tensor], Tensor]] = dict(
    blip=match_probability,
    blip2=query_logits,
    bridgetower=pair_logits,
    clip=similarity,
    siglip=similarity,
    siglip2=similarity,
    vilt=pair_logits,
)


@pytest.mark.slow
@pytest.mark.parametrize('kind', CLASSES)
def test_score__is_that_of_transformers_on_the_frames_of_the_clips(
    kind: str, tmp_path: Path
) -> None:
    model = write_model(tmp_path / 'model', kind, CLASSES[kind])
    inferencer = ClipBERTInferencer(tmp_path / 'model', device='cpu')
    frames = frames_of_clips(inferencer)
    assert len(frames) == 8
    expected = []
    for text in TEXTS:
        length = dict(siglip=10, siglip2=20).get(kind, 0)  # padded to it
        found = tokens(inferencer, text, length)
        with torch.no_grad():
            logits = torch.cat(
                [
                    THEIRS[kind](model, found['input_ids'], frame[None])
                    for frame in frames
                ]
            ).mean(0)
        if len(logits) == 2:
            expected.append(float(logits.softmax(0)[1]))
        else:
            expected.append(float(logits[0].sigmoid()))
    scores = inferencer.score(video(), TEXTS)
    np.testing.assert_allclose(scores[0], expected, rtol=1e-4, atol=1e-6)
    assert abs(scores[0, 0] - scores[0, 1]) > 1e-5


@pytest.mark.slow
def test_answer__has_the_labels_of_the_model(tmp_path: Path) -> None:
    folder = tmp_path / 'model'
    model = write_model(folder, 'vilt_qa', 'ViltForQuestionAnswering')
    settings = json.loads((folder / 'config.json').read_text())
    names = ['no', 'yes', 'red', 'two', 'dog', 'sand', 'blue']
    settings['id2label'] = {str(i): name for i, name in enumerate(names)}
    (folder / 'config.json').write_text(json.dumps(settings))
    inferencer = ClipBERTInferencer(folder, device='cpu')
    found = tokens(inferencer, TEXTS[0], 0)
    with torch.no_grad():
        logits = torch.cat(
            [
                pair_logits(model, found['input_ids'], frame[None])
                for frame in frames_of_clips(inferencer)
            ]
        ).mean(0)
    answers = inferencer.answer(video(), TEXTS[0], top_k=7)
    assert [name for name, _ in answers] == [
        names[i] for i in logits.argsort(descending=True)
    ]
    expected = logits.softmax(0).sort(descending=True).values
    np.testing.assert_allclose(
        [score for _, score in answers], expected, rtol=1e-4
    )


def test_config__of_a_kind_that_does_not_match_texts(tmp_path: Path) -> None:
    (tmp_path / 'config.json').write_text('{"model_type": "vit"}')
    with pytest.raises(
        ValueError,
        match=r"a model of the kind 'vit', but those that match texts with "
        'frames are blip, blip-2, bridgetower, clip, siglip, vilt. Pass one',
    ):
        ClipBERTInferencer(tmp_path)


def test_config__naflex_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'config.json').write_text('{"model_type": "siglip2"}')
    with pytest.raises(
        ValueError,
        match=r"A model of the kind 'siglip2' reads any number of patches .*"
        "'google/siglip2-base-patch16-224', whose model_type is 'siglip'",
    ):
        ClipBERTInferencer(tmp_path)


def test_config__weights_next_to_a_model_with_its_own(tmp_path: Path) -> None:
    (tmp_path / 'config.json').write_text('{"model_type": "blip"}')
    with pytest.raises(ValueError, match='^weights must be None, because'):
        ClipBERTInferencer(tmp_path, 'a.pth')


def test_config__no_weights(tmp_path: Path) -> None:
    (tmp_path / 'config.json').write_text('{"model_type": "blip"}')
    with pytest.raises(OSError, match='pass a folder with config.json and'):
        ClipBERTInferencer(tmp_path)


@pytest.mark.parametrize(
    'text, kind',
    [
        ('{"model_type": "blip"}', 'blip'),
        ('{"model_type": 3}', None),
        ('{"format": "clipbert_mm model", "model_type": "blip"}', None),
        ('{"model_type": "blip"', None),
        ('["model_type"]', None),
        ('', None),
    ],
)
def test_model_type__of_a_config_json(
    text: str, kind: str | None, tmp_path: Path
) -> None:
    (tmp_path / 'config.json').write_text(text)
    assert model_type(str(tmp_path)) == kind


@pytest.mark.parametrize(
    'kind, width, length',
    # BridgeTower: three layers of 64; 40 positions, two of them not for texts.
    [('siglip', 20, 10), ('blip2', 20, 10), ('bridgetower', 192, 38)],
)
def test_config__sizes_are_those_of_the_model(
    kind: str, width: int, length: int, tmp_path: Path
) -> None:
    write_model(tmp_path, kind, CLASSES[kind])
    config = image_text_config(str(tmp_path))
    assert config.model.neck.out_channels == width
    dataset = config.test_dataloader.dataset
    assert dataset.tokenize.max_txt_len == length
    sizes = [s.size for s in dataset.pipeline if s.type == 'ResizeSquare']
    assert sizes == [32]


@pytest.mark.slow
@pytest.mark.parametrize(
    'kind, class_name',
    [*CLASSES.items(), ('vilt_qa', 'ViltForQuestionAnswering')],
)
def test_save_pretrained__is_a_folder_of_its_own(
    kind: str, class_name: str, tmp_path: Path
) -> None:
    write_model(tmp_path / 'model', kind, class_name)
    inferencer = ClipBERTInferencer(tmp_path / 'model', device='cpu')
    inferencer.save_pretrained(tmp_path / 'saved')
    text = (tmp_path / 'saved' / 'config.json').read_text()
    shutil.rmtree(tmp_path / 'model')
    assert str(tmp_path) not in text
    again = ClipBERTInferencer(tmp_path / 'saved', device='cpu')
    if kind == 'vilt_qa':
        assert again.answer(video(), TEXTS[0]) == inferencer.answer(
            video(), TEXTS[0]
        )
    else:
        np.testing.assert_allclose(
            again.score(video(), TEXTS),
            inferencer.score(video(), TEXTS),
            rtol=1e-5,  # sums depend on where weights lie in memory
        )


@pytest.mark.slow
@pytest.mark.parametrize('kind', CLASSES)
def test_explain__by_occlusion(kind: str, tmp_path: Path) -> None:
    write_model(tmp_path / 'model', kind, CLASSES[kind])
    inferencer = ClipBERTInferencer(tmp_path / 'model', device='cpu')
    found = inferencer.explain(video(), TEXTS[1])
    assert [word.word for word in found.words] == TEXTS[1].split()
    scores = inferencer.score(video(), [TEXTS[1], 'a red dog sits on'])[0]
    assert found.score == pytest.approx(scores[0], abs=1e-6)
    assert found.words[-1].score_without == pytest.approx(scores[1], abs=1e-6)
    assert found.clips[0].cells.shape == (8, 8)
    with pytest.raises(ValueError, match="method='attention' needs"):
        inferencer.explain(video(), TEXTS[1], method='attention')
