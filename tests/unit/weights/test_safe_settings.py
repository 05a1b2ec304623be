# Copyright (c) clipbert_mm contributors.
"""Settings of strangers name registered classes and plain values only."""

import copy
from typing import Any

import pytest
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope

from clipbert_mm.utils.config_files import shipped_configs
from clipbert_mm.utils.config_loading import load_config
from clipbert_mm.weights.portable_config import (
    TOKENIZER_FOLDER,
    portable_config,
    rewrite,
)
from clipbert_mm.weights.safe_settings import (
    UnsafeSettingsError,
    check_settings,
)
from tests.toolbox.tiny_models import clipbert_config


def settings() -> dict[str, Any]:
    return dict(
        model=clipbert_config(
            task=dict(type='RetrievalTask', vocabulary=['http://x', '/a']),
        ),
        test_dataloader=dict(
            dataset=dict(
                type='any name',
                pipeline=[
                    dict(type='LoadVideo', decoder='pyav'),
                    dict(type='mmaction.DecordDecode'),
                ],
                tokenize=dict(
                    type='BertTokenize', tokenizer='tokenizer', max_txt_len=9
                ),
            )
        ),
    )


def check(changed: dict) -> None:
    check_settings(changed, TOKENIZER_FOLDER)


def changed(path: str, value: Any) -> dict:
    """Settings with another member, added if it is not there."""
    whole = settings()
    *parents, last = path.split('.')
    owner: Any = whole
    for name in parents:
        owner = owner[int(name)] if name.isdigit() else owner[name]
    owner[int(last) if last.isdigit() else last] = value
    return whole


def test_check_settings__what_an_export_holds() -> None:
    check(settings())


INITIALISER = [dict(type='Normal', layer='Conv2d', std=0.1)]


@pytest.mark.parametrize(
    'path, value',
    [
        ('model.backbone.init_cfg', INITIALISER),
        ('model.backbone.pretrained', None),
        ('model.backbone.norm_cfg', dict(type='BN')),
        ('model.head.tokenizer', 'google-bert/bert-base-uncased'),
        ('model.head.tokenizer', None),
        ('model.head.bert', dict(vocab_size=9, hidden_act='gelu')),
        ('model.token_budget', 1.5),
    ],
)
def test_check_settings__harmless_members(path: str, value: Any) -> None:
    check(changed(path, value))


UNREGISTERED = [
    'os.system',
    'torch.hub.load',
    'subprocess.Popen',
    'builtins.eval',
    'mmengine.Config.fromfile',
    'mmaction.apis.init_recognizer',
    'torchvision.resnet50',
    'mmpretrain.ResNet',
    'eval',
    'NoSuchClass',
    '',
    '.',
    'ClipBERT.',
    '.ClipBERT',
    None,
    7,
    ['ClipBERT'],
    dict(type='ClipBERT'),
]
PLACES = [
    'model.type',
    'model.backbone.type',
    'model.backbone.norm_cfg.type',
    'model.consensus.aggregation.deep.type',
    'test_dataloader.dataset.pipeline.0.type',
    'test_dataloader.dataset.pipeline.1.transforms.type',
    'test_dataloader.dataset.tokenize.type',
]


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('name', UNREGISTERED, ids=repr)
def test_check_settings__types_that_are_not_registered(
    place: str, name: Any
) -> None:
    whole = settings()
    whole['model']['backbone']['norm_cfg'] = {}
    whole['model']['consensus']['aggregation'] = dict(deep={})
    whole['test_dataloader']['dataset']['pipeline'][1]['transforms'] = {}
    owner: Any = whole
    *parents, last = place.split('.')
    for part in parents:
        owner = owner[int(part)] if part.isdigit() else owner[part]
    owner[last] = name
    with pytest.raises(UnsafeSettingsError, match='is not registered in'):
        check(whole)


def test_check_settings__registered_for_another_purpose() -> None:
    """A transform is no part of a model, nor a hook a transform."""
    for path, name in (
        ('model.backbone.type', 'LoadVideo'),
        ('test_dataloader.dataset.pipeline.0.type', 'CheckpointHook'),
        ('test_dataloader.dataset.pipeline.0.type', 'DumpResults'),
        ('model.backbone.init_cfg', dict(type='ClipBERT')),
    ):
        with pytest.raises(UnsafeSettingsError, match='is not registered in'):
            check(changed(path, name))


PRETRAINED = dict(type='Pretrained', checkpoint='a.pth')


@pytest.mark.parametrize(
    'path, value, message',
    [
        ('model._scope_', 'evil', 'changes how a config is read'),
        ('model.backbone._delete_', True, 'changes how a config is read'),
        ('model.head._base_', ['a.py'], 'changes how a config is read'),
        ('model.backbone.init_cfg', PRETRAINED, 'reads another file|names an'),
        ('model.backbone.init_cfg', [PRETRAINED], 'reads another file'),
        (
            'model.backbone.init_cfg',
            dict(type='mmengine.Pretrained'),
            'reads another file',
        ),
        (
            'model.backbone.init_cfg',
            dict(type='Normal', override=dict(PRETRAINED, name='stem')),
            'reads another file',
        ),
        ('model.backbone.pretrained', 'r50.pth', 'names another file'),
        ('model.backbone.pretrained', 'torchvision://r', 'names another file'),
        ('model.checkpoint', 'a.pth', 'names another file'),
        ('model.head.bert', 'bert-base-uncased', 'is not a dict of options'),
        ('model.head.bert', dict(auto_map='x.py'), 'is no option of BERT'),
        ('model.head.bert', dict(vocab_size=[9]), 'is no option of BERT'),
        ('model.head.tokenizer', '/home/author/bert', 'is neither'),
        ('model.head.tokenizer', '../bert', 'is neither'),
        ('model.head.tokenizer', 'a/../b', 'is neither'),
        ('model.head.tokenizer', './tokenizer', 'is neither'),
        ('model.head.tokenizer', 'a/b/c', 'is neither'),
        ('model.head.tokenizer', dict(type='x'), 'is neither'),
        ('model.task.vocabulary', 'answers.json', 'is not a list of answers'),
        ('model.task.vocabulary', [dict(type='x')], 'is not a list of answer'),
        ('model.head.other', 'https://evil/x', 'is an address or a'),
        ('model.head.model', 'user/name', 'is not a dict of options'),
        ('model.head.model', dict(model_type='x'), 'is no shape of a model'),
        ('model.head.other', 's3://evil/x', 'is an address or a'),
        ('model.head.other', '{{ fileDirname }}/x', 'is an address or a'),
        ('model.head.other', '/etc/passwd', 'is a path outside the folder'),
        ('model.head.other', '~/x', 'is a path outside the folder'),
        ('model.head.other', 'a/../../x', 'is a path outside the folder'),
        ('model.head.other', 'a\\..\\x', 'is a path outside the folder'),
        ('model.head.other', 'C:\\x', 'is a path outside the folder'),
        ('model.head.other', [[dict(a='/x')]], 'is a path outside the folder'),
        (
            'test_dataloader.dataset.pipeline.0.io_backend',
            'http',
            'says where files are read from',
        ),
        (
            'test_dataloader.dataset.pipeline.0.backend_args',
            dict(),
            'says where files are read from',
        ),
    ],
)
def test_check_settings__members_that_do_more(
    path: str, value: Any, message: str
) -> None:
    with pytest.raises(UnsafeSettingsError, match=message) as caught:
        check(changed(path, value))
    assert path in str(caught.value)


def test_check_settings__what_passes_is_built_from_registries() -> None:
    """The types that pass are those that the registry itself holds."""
    init_default_scope('mmaction')
    model = copy.deepcopy(settings()['model'])
    model['task'].pop('vocabulary')
    assert (
        type(MODELS.build(model)).__module__ == 'clipbert_mm.models.clipbert'
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    'name', [n for n in shipped_configs() if 'pretrain' not in n]
)
def test_check_settings__every_shipped_config_can_be_exported(
    name: str,
) -> None:
    cfg = load_config(name)
    plain = rewrite(
        cfg.to_dict(),
        dict(
            bert=lambda _: dict(hidden_size=768),
            model=lambda m: dict(model_type='vit') if type(m) is str else m,
            init_cfg=lambda _: None,
            pretrained=lambda _: None,
            tokenizer=lambda _: 'bert-base-uncased',
        ),
    )
    has_answers = 'vocabulary' in plain['model']['task']
    new = portable_config(
        type(cfg)(plain), ['yes', 'no'] if has_answers else None
    )
    check(new)
    assert new['test_dataloader']['dataset']['pipeline']
