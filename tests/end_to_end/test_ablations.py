# Copyright (c) clipbert_mm contributors.
"""Tests of the configs of the paper's ablations, one per row and task."""

import re
from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import Runner

from clipbert_mm import config_file
from tests.toolbox.paths import ROOT
from tests.toolbox.shrink import shrink

FOLDER = ROOT / 'configs' / 'ablations'
CONFIGS = sorted(path.stem for path in FOLDER.glob('*.py'))
# Rows of the paper's Tables 1 to 6, as printed there.
ROWS = {1: 4, 2: 9, 3: 9, 4: 4, 5: 6, 6: 3}


# Settings of a row where a table does not say otherwise.
BASELINE = dict(
    sizes={448},
    T=1,
    seconds=1,
    train=('random', 1),
    G='lse',
    M='mean',
    frozen=(False, False),
)
CLIPS = {
    f'table3_{kind}-{number}': dict(G=kind, train=('random', number))
    for kind, numbers in (
        ('mean', (2, 4, 8, 16)),
        ('max', (2, 16)),
        ('lse', (2, 16)),
    )
    for number in numbers
}
# Each row's difference from the baseline.
DIFFERENCES: dict[str, dict] = {
    **{f'table1_l{n}': dict(sizes={n}) for n in (224, 448, 768, 1000)},
    **{f'table2_mean-{n}': dict(T=n) for n in (2, 4, 8, 16)},
    **{
        f'table2_{kind}-{n}': dict(T=n, M=kind)
        for kind in ('conv3d', 'conv2plus1d')
        for n in (2, 16)
    },
    'table3_1': {},
    **CLIPS,
    'table4_dense-16': dict(train=('dense_uniform', 16)),
    'table4_sparse-4': dict(train=('random', 4)),
    **{
        f'table5_{name}': {}
        for name in (
            'random-random',
            'random-bert',
            'tsn-bert',
            'imagenet-bert',
            'gridfeat-bert',
        )
    },
    'table6_frozen-both': dict(frozen=(True, True)),
    'table6_frozen-cnn': dict(frozen=(True, False)),
}


def settings(name: str) -> dict:
    """Read the settings of a config from where they act."""
    cfg = Config.fromfile(config_file(f'ablations/{name}'))
    train = cfg.train_dataloader.dataset.pipeline
    test = cfg.test_dataloader.dataset.pipeline
    sizes = {
        step['size']
        for step in (*train, *test)
        if step.type in ('ResizeLongSide', 'PadFrames')
    }
    sampler, tester = train[1], test[1]
    assert (sampler.clip_len, sampler.target_fps) == (
        tester.clip_len,
        tester.target_fps,
    )
    return dict(
        cfg=cfg,
        sizes=sizes,
        T=sampler.clip_len,
        seconds=sampler.clip_len / sampler.target_fps,
        train=(sampler.mode, sampler.num_clips),
        test=(tester.mode, tester.num_clips),
        G=cfg.model.consensus.aggregation,
        M=cfg.model.neck.temporal_fusion,
        frozen=(
            cfg.model.get('frozen_backbone', False),
            cfg.model.head.get('frozen_text', False),
        ),
    )


@pytest.mark.parametrize('name', CONFIGS)
def test_row__differs_from_the_baseline_as_the_table_says(name: str) -> None:
    row, _, task = name.rpartition('_')
    actual = settings(name)
    expected = {**BASELINE, **DIFFERENCES[row]}
    assert {key: actual[key] for key in expected} == expected
    has_16_clips = row.startswith(('table3', 'table4'))
    assert actual['test'] == (
        ('uniform', 16)
        if has_16_clips
        else ('middle' if task == 'ret' else 'uniform', 1)
    )
    assert len((FOLDER / f'{name}.py').read_text().splitlines()) <= 15


def test_rows__are_those_of_the_table() -> None:
    assert {name.rpartition('_')[0] for name in CONFIGS} == set(DIFFERENCES)
    assert len(CONFIGS) == 2 * len(DIFFERENCES)


def test_headers__have_the_figures_of_the_readme_and_the_command() -> None:
    text = (FOLDER / 'README.md').read_text()
    rows = re.findall(
        r'\| `(\S+)_ret\.py`, `_qa\.py` \| (\S+) \| (\S+) \| (\S+) \| '
        r'(\S+) \| (\S+) \|',
        text,
    )
    headers = {name: (FOLDER / f'{name}.py').read_text() for name in CONFIGS}
    for row, *recalls, qa in rows:
        values = 'R@1 {}, R@5 {}, R@10 {}, MdR {}'.format(*recalls)
        assert (
            f'# Paper: {values}. Not measured here.' in headers[f'{row}_ret']
        )
        figures = f'# Paper: accuracy {qa}. Not measured here.'
        assert figures in headers[f'{row}_qa']
    for name, header in headers.items():
        command = f'#     tools/dist_train.sh configs/ablations/{name}.py 8\n'
        assert command in header


def test_readme__has_every_row_and_its_configs_exist() -> None:
    text = (FOLDER / 'README.md').read_text()
    tables = re.split(r'^## Table (\d): .*$', text, flags=re.MULTILINE)[1:]
    for number, table in zip(tables[::2], tables[1::2]):
        rows = re.findall(r'\| `(\w[\w.-]*)_ret\.py`, `_qa\.py` \|', table)
        assert len(rows) == ROWS[int(number)]
        for row in rows:
            assert f'{row}_ret' in CONFIGS
            assert f'{row}_qa' in CONFIGS


@pytest.mark.parametrize('size', [224, 448, 768, 1000])
@pytest.mark.parametrize('task', ['ret', 'qa'])
def test_table1__image_size(task: str, size: int) -> None:
    row = settings(f'table1_l{size}_{task}')
    assert row['sizes'] == {size}
    assert (row['T'], row['train'], row['G']) == (1, ('random', 1), 'lse')
    assert row['test'] == ('middle' if task == 'ret' else 'uniform', 1)
    assert row['cfg'].load_from == 'checkpoints/clipbert_pretrained.pth'


@pytest.mark.parametrize(
    'fusion, name',
    [('mean', 'mean'), ('conv3d', 'conv3d'), ('conv2plus1d', 'conv2plus1d')],
)
@pytest.mark.parametrize('clip_len', [2, 16])
def test_table2__frames_and_fusion(
    fusion: str, name: str, clip_len: int
) -> None:
    row = settings(f'table2_{name}-{clip_len}_ret')
    assert (row['M'], row['T'], row['seconds']) == (fusion, clip_len, 1)


@pytest.mark.parametrize('task', ['ret', 'qa'])
def test_table2__a_fusion_starts_from_the_parts_of_pretraining(
    task: str, corpus: Path, tmp_path: Path
) -> None:
    """Only its own convolution and the classifier start from scratch."""
    pretrained = MODELS.build(
        shrink('clipbert_coco-vg_pretrain', corpus).model
    )
    path = str(tmp_path / 'pretrained.pth')
    torch.save(dict(state_dict=pretrained.state_dict()), path)
    name = f'ablations/table2_conv3d-2_{task}'
    model_cfg = Config.fromfile(config_file(name)).model
    cfg = shrink(name, corpus).model
    for part in ('backbone', 'neck', 'head'):
        init = model_cfg[part].init_cfg
        assert init.checkpoint == 'checkpoints/clipbert_pretrained.pth'
        cfg[part].init_cfg = dict(init, checkpoint=path)
    model = MODELS.build(cfg)
    model.init_weights()
    own, other = model.state_dict(), pretrained.state_dict()
    differing = {
        key
        for key, value in own.items()
        if key not in other or not value.equal(other[key])
    }
    assert {key.split('.')[0] for key in differing} <= {'neck', 'head', 'task'}
    assert all(
        key.startswith(('neck.temporal', 'head.classifier.', 'task.'))
        for key in differing
    ), differing


@pytest.mark.parametrize(
    'aggregation, num_clips',
    [
        ('mean', 2),
        ('mean', 4),
        ('mean', 8),
        ('mean', 16),
        ('max', 2),
        ('max', 16),
        ('lse', 2),
        ('lse', 16),
    ],
)
def test_table3__clips_and_aggregation(
    aggregation: str, num_clips: int
) -> None:
    row = settings(f'table3_{aggregation}-{num_clips}_qa')
    assert (row['G'], row['train']) == (aggregation, ('random', num_clips))
    assert row['test'] == ('uniform', 16)


def test_table4__dense_against_sparse() -> None:
    dense = settings('table4_dense-16_ret')
    assert dense['train'] == ('dense_uniform', 16)
    assert settings('table4_sparse-4_ret')['train'] == ('random', 4)
    assert dense['test'] == ('uniform', 16)


@pytest.mark.parametrize(
    'name, cnn, bert',
    [
        ('random-random', None, dict(vocab_size=30522)),
        ('random-bert', None, 'bert-base-uncased'),
        ('tsn-bert', 'tsn-k700_r50', 'bert-base-uncased'),
        ('imagenet-bert', 'imagenet_r50', 'bert-base-uncased'),
        ('gridfeat-bert', 'grid-feats_r50', 'bert-base-uncased'),
    ],
)
def test_table5__initialisation(
    name: str, cnn: 'str | None', bert: object
) -> None:
    cfg = settings(f'table5_{name}_ret')['cfg']
    init = cfg.model.backbone.init_cfg
    assert (init and init.checkpoint) == (cnn and f'checkpoints/{cnn}.pth')
    assert cfg.model.head.bert == bert
    assert cfg.load_from is None


@pytest.mark.parametrize(
    'name, frozen',
    [
        ('table6_frozen-both', (True, True)),
        ('table6_frozen-cnn', (True, False)),
        ('table1_l448', (False, False)),
    ],
)
def test_table6__end_to_end(
    name: str, frozen: tuple[bool, bool], corpus: Path
) -> None:
    assert settings(f'{name}_ret')['frozen'] == frozen
    cfg = shrink(f'ablations/{name}_ret', corpus)
    cfg.model.backbone.freeze_at = 0
    model = MODELS.build(cfg.model)
    cnn = [p.requires_grad for p in model.backbone.parameters()]
    text = [
        p.requires_grad for p in model.head.bert['embeddings'].parameters()
    ]
    fusion = [p.requires_grad for p in model.head.bert['encoder'].parameters()]
    assert set(cnn) == {not frozen[0]}
    assert set(text) == {not frozen[1]}
    assert all(fusion)


@pytest.mark.parametrize(
    'name', ['table2_conv3d-2_qa', 'table3_max-2_ret', 'table4_dense-16_qa']
)
def test_config__trains(name: str, corpus: Path, tmp_path: Path) -> None:
    cfg = shrink(
        f'ablations/{name}', corpus, work_dir=str(tmp_path), load_from=None
    )
    Runner.from_cfg(cfg).train()
    saved = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)
    assert all(v.isfinite().all() for v in saved['state_dict'].values())


@pytest.mark.parametrize('name', CONFIGS)
def test_config__builds(name: str, corpus: Path) -> None:
    model = MODELS.build(shrink(f'ablations/{name}', corpus).model)
    assert sum(p.numel() for p in model.parameters()) > 0
