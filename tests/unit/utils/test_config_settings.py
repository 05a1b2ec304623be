# Copyright (c) clipbert_mm contributors.
"""Tests of settings, on every shipped config and on small ones."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset

from clipbert_mm.utils.config_changes import apply_settings
from clipbert_mm.utils.config_files import config_file, shipped_configs
from clipbert_mm.utils.config_loading import override_config
from clipbert_mm.utils.config_places import walk
from clipbert_mm.utils.config_settings import SETTINGS

NEW = dict(
    data_root='elsewhere',
    vocabulary='words.json',
    tokenizer='my-tokenizer',
    bert='my-bert',
    pretrained='my-model',
    cnn_checkpoint='my-cnn.pth',
    img_size=96,
    fit='crop',
    clip_len=3,
    target_fps=7,
    num_train_clips=5,
    num_test_clips=6,
    train_clip_mode='dense_uniform',
    test_clip_mode='middle',
    max_txt_len=11,
    text_padding='max_length',
    decoder='pyav',
    on_damage='use',
    snap_to_keyframes=True,
    num_workers=1,
    max_epochs=9,
    base_lr=0.125,
)
# Types of the transforms whose key a setting sets, and splits; None: all.
TRANSFORMS: dict[str, tuple[str, set[str], set[str] | None]] = dict(
    tokenizer=(
        'tokenizer',
        {'BertTokenize', 'TransformersTokenize', 'MaskTokens'},
        None,
    ),
    pretrained=('tokenizer', {'TransformersTokenize'}, None),
    img_size=('size', {'ResizeLongSide', 'PadFrames', 'ResizeSquare'}, None),
    fit=('fit', {'ResizeSquare'}, None),
    clip_len=('clip_len', {'SparseClipSampler'}, None),
    target_fps=('target_fps', {'SparseClipSampler'}, None),
    num_train_clips=('num_clips', {'SparseClipSampler'}, {'train'}),
    num_test_clips=('num_clips', {'SparseClipSampler'}, {'val', 'test'}),
    train_clip_mode=('mode', {'SparseClipSampler'}, {'train'}),
    test_clip_mode=('mode', {'SparseClipSampler'}, {'val', 'test'}),
    max_txt_len=(
        'max_txt_len',
        {'BertTokenize', 'TransformersTokenize'},
        None,
    ),
    text_padding=('padding', {'TransformersTokenize'}, None),
    decoder=('decoder', {'LoadVideo'}, None),
    on_damage=('on_damage', {'LoadVideo'}, None),
    snap_to_keyframes=('snap_to_keyframes', {'SparseClipSampler'}, None),
)


@pytest.fixture(scope='module')
def configs() -> dict[str, Config]:
    return {
        name: Config.fromfile(config_file(name)) for name in shipped_configs()
    }


class Indices(Dataset):
    """What the sampler asks for."""

    def __len__(self) -> int:
        return 50

    def __getitem__(self, index: Any) -> str:
        return str(index)


def dicts(cfg: Config) -> Iterator[tuple[str, dict]]:
    """Yield the split and every dict of the data loaders."""
    for split in ('train', 'val', 'test'):
        for _, member in walk(cfg.get(f'{split}_dataloader'), 'loader'):
            if isinstance(member, dict):
                yield split, member


def in_model(model: Config, name: str) -> list[Any]:
    """Read a setting of the model."""
    backbone, head, task = model.backbone, model.head, model.task
    places = dict(
        tokenizer=[(head, 'tokenizer')],
        bert=[(head, 'bert'), (task, 'bert')],
        pretrained=[(backbone, 'model'), (head, 'model')],
        cnn_checkpoint=[
            (backbone.get('init_cfg') or {}, 'checkpoint'),
            (backbone, 'pretrained'),
        ],
    )
    return [part[key] for part, key in places.get(name, []) if key in part]


def values(cfg: Config, name: str) -> list[Any]:
    """Read a setting from every place where it acts, the naive way."""
    found = []
    if name in TRANSFORMS:
        key, types, splits = TRANSFORMS[name]
        found += [
            member.get(key)
            for split, member in dicts(cfg)
            if member.get('type') in types
            and (splits is None or split in splits)
        ]
    if name in ('data_root', 'num_workers'):
        found += [m[name] for _, m in dicts(cfg) if name in m]
    model = cfg.model
    if name == 'vocabulary':
        found += [
            m['answers']['vocabulary']
            for _, m in dicts(cfg)
            if m.get('answers', {}).get('vocabulary')
        ]
        if found:
            path = model.task.vocabulary
            assert path.endswith('/' + found[0])
    found += in_model(model, name)
    if name == 'max_epochs' and 'train_cfg' in cfg:
        found += [cfg.train_cfg.max_epochs, cfg.param_scheduler.end]
    if name == 'base_lr' and 'optim_wrapper' in cfg:
        found.append(cfg.optim_wrapper.optimizer.lr)
    return found


def test_every_setting_is_tried() -> None:
    assert NEW.keys() == SETTINGS.keys()


@pytest.mark.slow
@pytest.mark.parametrize('name', SETTINGS)
def test_setting__acts_everywhere_in_every_config_or_is_refused(
    name: str, configs: dict[str, Config]
) -> None:
    for config, original in configs.items():
        cfg = copy.deepcopy(original)
        number = len(values(cfg, name))
        if number:
            override_config(cfg, {name: NEW[name]})
            assert values(cfg, name) == [NEW[name]] * number, config
        else:
            with pytest.raises(
                ValueError, match=f'{name}=.* would change nothing: {name} se'
            ):
                override_config(cfg, {name: NEW[name]})


@pytest.mark.slow
@pytest.mark.parametrize('number', [0, 1])
def test_num_workers__makes_loaders_that_torch_accepts(
    number: int, configs: dict[str, Config]
) -> None:
    """What the runner builds; torch refuses some options without workers."""
    init_default_scope('mmaction')
    for config, original in configs.items():
        cfg = copy.deepcopy(original)
        override_config(cfg, dict(num_workers=number))
        splits = [s for s in ('train', 'val', 'test') if has_loader(cfg, s)]
        assert splits, config
        for split in splits:
            options = dict(cfg[f'{split}_dataloader'], dataset=Indices())
            loader = Runner.build_dataloader(options, seed=0)
            assert isinstance(loader, DataLoader)
            assert loader.num_workers == number, config
            if not number:
                assert next(iter(loader)), config


def has_loader(cfg: Config, split: str) -> bool:
    return cfg.get(f'{split}_dataloader') is not None


def test_setting__leaves_everything_else() -> None:
    original = Config.fromfile(config_file('clipbert_msrvtt_ret'))
    cfg = copy.deepcopy(original)
    override_config(cfg, dict(num_train_clips=3))
    changed = {
        path
        for (path, new), (_, old) in zip(
            walk(cfg.to_dict()),
            walk(original.to_dict()),
            strict=True,
        )
        if new != old and not isinstance(new, (dict, list))
    }
    assert changed == {
        'train_dataloader.dataset.pipeline.1.num_clips',
        'train_pipeline.1.num_clips',
    }


def test_data_root__moves_the_files_below_it() -> None:
    cfg = Config.fromfile(config_file('quickstart/qa'))
    override_config(cfg, dict(data_root='d'))
    assert cfg.model.head.tokenizer == 'd/tokenizer'
    assert cfg.model.task.vocabulary == 'd/annotations/answers.json'
    assert 'data/quickstart' not in str(cfg.train_dataloader)
    override_config(cfg, dict(data_root='e', vocabulary='v.json'))
    assert cfg.model.task.vocabulary == 'e/v.json'


def test_data_root__of_several_datasets_is_ambiguous() -> None:
    datasets = [dict(data_root='a'), dict(data_root='b')]
    cfg = dict(train_dataloader=dict(dataset=dict(datasets=datasets)))
    with pytest.raises(
        ValueError,
        match=r"have \['a', 'b'\]. Set .*"
        r'train_dataloader.dataset.datasets.0.data_root',
    ):
        apply_settings(cfg, dict(data_root='c'))


@pytest.mark.parametrize('value', [['/a', 'b'], None, 3, ''])
def test_data_root__of_another_kind(value: object) -> None:
    cfg = dict(train_dataloader=dict(dataset=dict(data_root='a')))
    with pytest.raises(ValueError, match='data_root must be the path of a fo'):
        apply_settings(cfg, dict(data_root=value))


def test_img_size__sets_the_decoder_where_it_resizes() -> None:
    steps = [
        dict(type='LoadVideo', decode_size=448),
        dict(type='LoadVideo'),
        dict(type='mmaction.PadFrames', size=448),
    ]
    cfg = dict(train_dataloader=dict(dataset=dict(pipeline=steps)))
    apply_settings(cfg, dict(img_size=64))
    assert cfg['train_dataloader']['dataset']['pipeline'] == [
        dict(type='LoadVideo', decode_size=64),
        dict(type='LoadVideo'),
        dict(type='mmaction.PadFrames', size=64),
    ]


def test_snap_to_keyframes__loads_the_key_frames() -> None:
    cfg = Config.fromfile(config_file('clipbert_msrvtt_ret'))
    override_config(cfg, dict(snap_to_keyframes=True))
    loaders = [
        (split, member['key_frames'])
        for split, member in dicts(cfg)
        if member.get('type') == 'LoadVideo'
    ]
    assert loaders == [('train', True), ('val', True), ('test', True)]


def test_max_epochs__leaves_schedules_that_end_earlier() -> None:
    cfg = dict(
        train_cfg=dict(max_epochs=10),
        param_scheduler=[dict(end=2), dict(begin=2, end=10)],
    )
    apply_settings(cfg, dict(max_epochs=5))
    assert [part['end'] for part in cfg['param_scheduler']] == [2, 5]
