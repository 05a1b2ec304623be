# Copyright (c) clipbert_mm contributors.
"""Tests of model cards."""

import re
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from mmaction.registry import MODELS

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.utils.config_files import shipped_configs
from clipbert_mm.utils.config_loading import load_config
from clipbert_mm.weights.calibration import Calibration
from clipbert_mm.weights.model_card import (
    ModelFacts,
    card_metadata,
    describe_architecture,
    describe_calibration,
    make_card,
    markdown_table,
    replace_calibration,
)
from tests.toolbox.small_image_text import OPTIONS, make_pretrained


def test_make_card__says_what_is_not_known() -> None:
    inferencer = ClipBERTInferencer('demo', device='cpu')
    card = make_card(ModelFacts(), inferencer.model, inferencer.cfg)
    assert card.content.count('\n\nNot stated.') == 4
    assert 'It reads 4 clips of 2 frames, 64 pixels' in card.content
    assert card.data.license is None
    assert card.data.eval_results is None


def test_make_card__metadata_are_read_back(tmp_path: Path) -> None:
    inferencer = ClipBERTInferencer('demo', device='cpu')
    rows = [dict(metric='R@1', value=79.0), dict(metric='R@5', value=100.0)]
    facts = ModelFacts(dataset='scenes', results=rows, license='mit')
    make_card(facts, inferencer.model, inferencer.cfg).save(tmp_path / 'c.md')
    data = ModelCard.load(tmp_path / 'c.md').data
    assert [r.metric_value for r in data.eval_results] == [79.0, 100.0]
    assert (data.license, data.library_name) == ('mit', 'clipbert_mm')


@pytest.mark.parametrize(
    'name, line',
    [('demo', 'best = inferencer.rank('), ('demo-qa', 'inferencer.answer(')],
)
def test_make_card__example_fits_the_task(name: str, line: str) -> None:
    inferencer = ClipBERTInferencer(name, device='cpu')
    card = make_card(ModelFacts(), inferencer.model, inferencer.cfg)
    assert f'\n{line}' in card.content


def test_card_metadata__results_need_a_dataset() -> None:
    facts = ModelFacts(results=[dict(metric='R@1', value=79.0)])
    assert card_metadata(facts, 'RetrievalTask').eval_results is None


def test_describe_calibration__none() -> None:
    assert describe_calibration(None).startswith('None: scores are')


def test_replace_calibration__its_section_alone() -> None:
    card = '# A\n\n## Calibration\n\nOld.\n\nOld.\n\n## Licence\n\nmit\n'
    new = describe_calibration(Calibration(2.0, 1.0))
    expected = f'# A\n\n## Calibration\n\n{new}\n\n## Licence\n\nmit\n'
    found = replace_calibration(card, Calibration(2.0, 1.0))
    assert found == expected
    assert replace_calibration(found, Calibration(2.0, 1.0)) == found


@pytest.mark.parametrize('card', ['# A\n', '# A\n\n## Calibration\n\nOld.\n'])
def test_replace_calibration__at_the_end(card: str) -> None:
    assert replace_calibration(card, None) == (
        f'# A\n\n## Calibration\n\n{describe_calibration(None)}\n'
    )


def test_markdown_table__no_rows() -> None:
    assert markdown_table([]) == ''


@pytest.mark.parametrize(
    'name, reads',
    [
        (
            'clipbert_msrvtt_ret',
            '16 clips of 2 frames, 448 pixels on the long side, and texts of '
            'at most 20 tokens.',
        ),
        (
            'blip_msrvtt_ret_zeroshot',
            '8 clips of 1 frame, 384 x 384 pixels, and texts of at most 35 '
            'tokens.',
        ),
        (
            'siglip_msrvtt_ret_zeroshot',
            '8 clips of 1 frame, 224 x 224 pixels, and texts of at most 64 '
            'tokens.',
        ),
    ],
)
def test_describe_architecture__input(name: str, reads: str) -> None:
    model = ClipBERTInferencer('demo', device='cpu').model
    text = describe_architecture(model, load_config(name))
    assert text.endswith(f'`RetrievalTask`. It reads {reads}')


@pytest.mark.slow
def test_describe_architecture__of_every_shipped_config() -> None:
    model = ClipBERTInferencer('demo', device='cpu').model
    for path in shipped_configs():
        config = load_config(str(path))
        if 'test_dataloader' in config:
            text = describe_architecture(model, config)
            assert 'None' not in text, path
            assert re.search(
                r'\d pixels.*, and texts of at most \d+ tokens\.$', text
            ), path


def test_describe_architecture__names_the_parts(tmp_path: Path) -> None:
    folder = tmp_path / 'model'
    make_pretrained(folder, OPTIONS['clip'], 'CLIPModel')
    config = load_config('clip_msrvtt_ret_zeroshot')
    config.model.backbone.model = config.model.head.model = str(folder)
    config.model.neck.out_channels = 20
    model = MODELS.build(config.model)
    weights = sum(p.numel() for p in model.parameters()) / 1e6
    assert describe_architecture(model, config).startswith(
        '[ClipBERT](https://arxiv.org/abs/2102.06183) of a '
        '`TransformersVision` and a `DualEncoderHead`, with '
        f'{weights:.2f} million weights and the task `RetrievalTask`.'
    )
