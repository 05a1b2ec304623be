# Copyright (c) clipbert_mm contributors.
"""Models of transformers: files that lack weights, unknown kinds."""

import json
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from clipbert_mm.models.pretrained_parts import (
    build_pretrained,
    check_options,
    config_options,
)
from tests.toolbox.small_image_text import OPTIONS, make_pretrained


def test_build_pretrained__has_the_weights_of_the_folder(
    tmp_path: Path,
) -> None:
    written = make_pretrained(tmp_path, OPTIONS['vit'], 'ViTModel')
    found = build_pretrained(tmp_path)
    for (name, value), other in zip(
        found.state_dict().items(), written.state_dict().values(), strict=True
    ):
        assert torch.equal(value, other), name


@pytest.mark.parametrize(
    'parts, refused',
    [(('vision_model.',), False), (('text_encoder.', 'itm_head.'), True)],
)
def test_build_pretrained__refuses_what_would_stay_random(
    parts: tuple[str, ...], refused: bool, tmp_path: Path
) -> None:
    make_pretrained(tmp_path, OPTIONS['blip'], 'BlipForImageTextRetrieval')
    file = tmp_path / 'model.safetensors'
    state = load_file(file)
    del state['itm_head.weight']
    save_file(state, file, metadata=dict(format='pt'))
    if not refused:
        assert build_pretrained(tmp_path, parts=parts) is not None
        return
    with pytest.raises(ValueError, match="such as 'itm_head.weight'"):
        build_pretrained(tmp_path, parts=parts)


def test_build_pretrained__says_which_folder_to_pass(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r'pass a folder with config.json'):
        build_pretrained(tmp_path / 'missing')


def test_build_pretrained__random_weights_need_a_kind() -> None:
    with pytest.raises(ValueError, match="needs a 'model_type'"):
        build_pretrained(dict(hidden_size=8))


def test_build_pretrained__frames_have_one_size() -> None:
    with pytest.raises(ValueError, match=r'one size. Use a SigLIP 2 of a fix'):
        build_pretrained(dict(model_type='siglip2_vision_model'))


def test_build_pretrained__class_of_another_transformers() -> None:
    version = transformers.__version__
    with pytest.raises(
        ValueError,
        match=f"'vit' needs ViTForClips, which transformers {version} does",
    ):
        build_pretrained(dict(model_type='vit'), 'ViTForClips')


def test_build_pretrained__pooler_that_a_classifier_lacks(
    tmp_path: Path,
) -> None:
    make_pretrained(tmp_path, OPTIONS['vit'], 'ViTForImageClassification')
    assert build_pretrained(tmp_path, pooler=False).pooler is None
    with pytest.raises(ValueError, match="such as 'pooler.dense.bias'"):
        build_pretrained(tmp_path)


@pytest.mark.parametrize('kind', OPTIONS)
def test_config_options__build_the_shape_without_the_folder(
    kind: str, tmp_path: Path
) -> None:
    names = dict(
        blip='BlipForImageTextRetrieval',
        vilt_qa='ViltForQuestionAnswering',
        vit='ViTModel',
    )
    name = names.get(kind)
    written = build_pretrained(OPTIONS[kind], name)
    written.save_pretrained(tmp_path)
    options = json.loads(json.dumps(config_options(tmp_path)))
    check_options(options)
    shapes = [
        {name: value.shape for name, value in model.state_dict().items()}
        for model in (written, build_pretrained(options, name))
    ]
    assert shapes[0] == shapes[1]
    assert str(tmp_path) not in str(options)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(), 'None is no model_type of transformers'),
        (dict(model_type='os.system'), "'os.system' is no model_type"),
        (dict(model_type=['vit']), 'is no model_type'),
        (dict(model_type='vit', auto_map={}), "'auto_map' is no option"),
        (
            dict(model_type='vit', attn_implementation='evil/kernels'),
            "'attn_implementation' is no option of the shape of a 'vit'",
        ),
        (dict(model_type='vit', _name_or_path='x'), 'is no option'),
        (dict(model_type='vit', quantization_config={}), 'is no option'),
        (dict(model_type='vit', hidden_size={}), 'is no plain value'),
        (dict(model_type='vit', hidden_size=[[8]]), 'is no plain value'),
        (
            dict(
                model_type='clip',
                vision_config=dict(model_type='clip', auto_map='x'),
            ),
            "'auto_map' is no option .* of vision_config of a 'clip'",
        ),
    ],
)
def test_check_options__refuses_what_is_no_shape(
    options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        check_options(options)
