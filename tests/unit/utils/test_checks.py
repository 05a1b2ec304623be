# Copyright (c) clipbert_mm contributors.
"""Tests of the checks of arguments."""

import re

import numpy as np
import pytest
from mmaction.registry import DATASETS, MODELS, TRANSFORMS
from mmengine.registry import Registry, init_default_scope

from clipbert_mm.utils.checks import (
    check_choice,
    check_fraction,
    check_integer,
    check_number,
)
from tests.toolbox.tiny_models import clipbert_config


@pytest.mark.parametrize('value', [3, 4, np.int64(3)])
def test_integer_accepts(value):
    check_integer('size', value, 3)


@pytest.mark.parametrize('value', [2, -1, 3.0, '3', True, None])
def test_integer_refuses(value):
    message = f'size must be an integer >= 3, but got {value!r}.'
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        check_integer('size', value, 3)


def test_true_is_no_integer_even_where_1_is_allowed():
    with pytest.raises(ValueError, match='integer >= 1, but got True'):
        check_integer('size', True, 1)


@pytest.mark.parametrize('choices', [('a', 'b'), ['a', 'b'], dict(a=1, b=2)])
def test_choice_accepts_any_collection(choices):
    check_choice('mode', 'b', choices)


@pytest.mark.parametrize('value', ['c', None, ['a'], 0])
def test_choice_refuses(value):
    message = f"mode must be one of ['a', 'b'], but got {value!r}."
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        check_choice('mode', value, dict(a=1, b=2))


@pytest.mark.parametrize('value', [0, 1, 0.5, np.float32(0.5)])
def test_fraction_accepts(value):
    check_fraction('dropout', value)


@pytest.mark.parametrize('value', [-0.1, 1.1, float('nan'), '0.5', True])
def test_fraction_refuses(value):
    message = f'dropout must be in [0, 1], but got {value!r}.'
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        check_fraction('dropout', value)


FLAGS: list[tuple[Registry, dict, str]] = [
    (TRANSFORMS, dict(type='LoadVideo'), 'key_frames'),
    (
        TRANSFORMS,
        dict(type='SparseClipSampler', clip_len=1, num_clips=1, target_fps=1),
        'snap_to_keyframes',
    ),
    (
        TRANSFORMS,
        dict(type='MaskTokens', tokenizer='none'),
        'mask_special_tokens',
    ),
    (MODELS, dict(type='ResNet50Grid'), 'with_cp'),
    (MODELS, dict(type='TransformersVision', model='none'), 'with_cp'),
    (MODELS, dict(type='PretrainTask', bert={}), 'with_mlm'),
    (MODELS, dict(type='PretrainTask', bert={}), 'mlm_on_negatives'),
    (MODELS, dict(type='BertCrossModalHead', bert={}), 'frozen'),
    (MODELS, dict(type='BertCrossModalHead', bert={}), 'frozen_text'),
    (MODELS, dict(type='BertCrossModalHead', bert={}), 'with_cp'),
    (MODELS, clipbert_config(), 'frozen_backbone'),
    (MODELS, dict(type='VideoTextDataPreprocessor'), 'bgr'),
    *(
        (
            DATASETS,
            dict(type='VideoTextRetrieval', ann_file='none', pipeline=[]),
            flag,
        )
        for flag in ('allow_outside', 'test_mode')
    ),
]


@pytest.mark.parametrize('registry, options, flag', FLAGS)
@pytest.mark.parametrize('value', ['no', 'off', 1, None])
def test_bool__flags_of_a_command_line(
    registry: Registry, options: dict, flag: str, value: object
) -> None:
    """Of ``--cfg-options``, every string but True and False stays one."""
    init_default_scope('mmaction')
    with pytest.raises(TypeError, match=f'^{flag} must be True or False, but'):
        registry.build({**options, flag: value})


@pytest.mark.parametrize('name', ['ann_file', 'data_root'])
@pytest.mark.parametrize('value', [3, ['a', 'b'], b'a', {}])
def test_path__of_a_dataset(name: str, value: object) -> None:
    init_default_scope('mmaction')
    options = dict(type='VideoTextRetrieval', ann_file='none', pipeline=[])
    with pytest.raises(TypeError, match=f'^{name} must be a path, but got'):
        DATASETS.build({**options, name: value})


@pytest.mark.parametrize('value', [0, -1.5, 1e308, np.float32(2)])
def test_number_accepts(value):
    check_number('bias', value)


@pytest.mark.parametrize(
    'value', [float('nan'), float('-inf'), 10**309, '1', True, None, [1]]
)
def test_number_refuses(value):
    message = f'bias must be a finite number, but got {value!r:.40}.'
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        check_number('bias', value)
