# Copyright (c) clipbert_mm contributors.
"""The retrieval configs: each trains and is evaluated; recipes of all."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from clipbert_mm import config_file
from clipbert_mm.utils.config_loading import load_config
from tests.toolbox.shrink import shrink

CONFIGS = sorted(
    path.stem
    for path in Path(config_file('clipbert_msrvtt_ret')).parent.glob(
        'clipbert_*_ret*.py'
    )
)


@pytest.mark.parametrize('name', CONFIGS)
def test_config__trains_and_is_evaluated(
    name: str, corpus: Path, tmp_path: Path
) -> None:
    cfg = shrink(name, corpus, work_dir=str(tmp_path))
    runner = Runner.from_cfg(cfg)
    before = {
        n: p.detach().clone() for n, p in runner.model.named_parameters()
    }
    runner.train()
    resting = {
        n
        for n, p in runner.model.named_parameters()
        if p.requires_grad and p.equal(before[n])
    }
    # The gradient of a key's bias is 0, by the symmetry of softmax.
    resting = {n for n in resting if not n.endswith('key.bias')}
    if cfg.model.backbone.type != 'ResNet50Grid':
        # A random MobileNetV2 lets next to nothing through to single norms.
        trained = [
            n
            for n, _ in runner.model.backbone.named_parameters()
            if f'backbone.{n}' not in resting
        ]
        assert 'conv1.conv.weight' in trained
        resting = {n for n in resting if not n.startswith('backbone.')}
    assert not resting
    metrics = runner.test()
    assert set(metrics) == {
        f'{way}/{value}'
        for way in ('t2v', 'v2t')
        for value in ('R1', 'R5', 'R10', 'MdR', 'MnR')
    }
    assert list(tmp_path.glob('best_t2v_R1_*.pth'))
    assert list(tmp_path.rglob('events.out.tfevents.*'))


# Videos or images of a step of eight GPUs, epochs, rate, tokens, pixels, norm.
RECIPES = {
    'clipbert_msrvtt_ret': (64, 20, 5e-5, 20, 448, 5.0),
    'clipbert_didemo_ret': (64, 20, 5e-5, 100, 448, 5.0 / 4),
    'clipbert_activitynet_ret': (128, 80, 5e-5, 100, 448, 5.0 / 2),
    'clipbert_msrvtt_qa': (64, 10, 5e-5, 100, 448, 5.0),
    'clipbert_tgif_qa-action': (64, 15, 5e-5, 25, 768, 5.0),
    'clipbert_tgif_qa-transition': (64, 15, 5e-5, 25, 768, 5.0),
    'clipbert_tgif_qa-frameqa': (64, 15, 5e-5, 25, 768, 5.0),
    'clipbert_tgif_qa-count': (64, 15, 5e-5, 25, 768, 5.0),
    'clipbert_tgif_qa-action_paper': (32, 15, 1e-4, 25, 448, 5.0),
    'clipbert_tgif_qa-transition_paper': (32, 15, 1e-4, 25, 448, 5.0),
    'clipbert_tgif_qa-frameqa_paper': (32, 15, 1e-4, 25, 448, 5.0),
    'clipbert_vqa': (128, 5, 1e-4, 20, 768, 2.0),
    'clipbert_coco-vg_pretrain': (256, 40, 5e-5, 30, 768, 5.0 / 2),
}
# Clips x frames at frames per second in training, and clips in testing.
CLIPS = {
    'clipbert_msrvtt_ret': (8, 2, 2, 16),
    'clipbert_didemo_ret': (8, 2, 2, 16),
    'clipbert_activitynet_ret': (4, 2, 1, 20),
    'clipbert_msrvtt_qa': (8, 2, 2, 16),
    'clipbert_tgif_qa-action': (1, 1, 1, 1),
    'clipbert_tgif_qa-transition_paper': (1, 1, 1, 1),
    'clipbert_tgif_qa-count': (1, 1, 1, 1),
}


@pytest.mark.parametrize('name', RECIPES)
def test_config__numbers_of_the_recipe(name: str) -> None:
    batch, epochs, rate, max_txt_len, size, max_norm = RECIPES[name]
    cfg = Config.fromfile(config_file(name))
    assert 8 * cfg.train_dataloader.batch_size == batch
    assert cfg.auto_scale_lr.base_batch_size == batch
    assert cfg.train_cfg.max_epochs == cfg.param_scheduler.end == epochs
    assert cfg.param_scheduler.warmup_ratio == 0.1
    optimizer = cfg.optim_wrapper.optimizer
    assert (
        optimizer.lr,
        optimizer.betas,
        optimizer.eps,
        optimizer.weight_decay,
    ) == (rate, (0.9, 0.98), 1e-6, 1e-3)
    assert cfg.optim_wrapper.clip_grad.max_norm == max_norm
    assert cfg.optim_wrapper.dtype == 'bfloat16'
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        steps = {t.type: t for t in loader.dataset.pipeline}
        tokenize = steps.get('BertTokenize') or loader.dataset.tokenize
        assert tokenize.max_txt_len == max_txt_len
        assert steps['ResizeLongSide']['size'] == size
        assert steps['PadFrames']['size'] == size


@pytest.mark.parametrize('name', CLIPS)
def test_config__clips_of_the_recipe(name: str) -> None:
    cfg = Config.fromfile(config_file(name))
    train = cfg.train_dataloader.dataset.pipeline[1]
    test = cfg.test_dataloader.dataset.pipeline[1]
    assert (train.mode, test.mode) == ('random', 'uniform')
    assert (
        train.num_clips,
        train.clip_len,
        train.target_fps,
        test.num_clips,
    ) == CLIPS[name]
    assert (test.clip_len, test.target_fps) == CLIPS[name][1:3]


def test_config__pretraining_mixes_and_groups() -> None:
    cfg = Config.fromfile(config_file('clipbert_coco-vg_pretrain'))
    dataset = cfg.train_dataloader.dataset
    assert (dataset.group_size, dataset.negative_prob) == (2, 0.5)
    assert cfg.model.head.num_sampled_cells == 100
    assert cfg.model.head.classifier == 'linear'
    assert cfg.optim_wrapper.accumulative_counts == 2
    assert dataset.pipeline[5].mask_prob == 0.15


def test_config__emoji_are_pretrained_and_trained_with_one_network() -> None:
    first, then = (
        load_config(config_file(f'clipbert_emoji_{name}')).model
        for name in ('pretrain', 'ret')
    )
    for part in ('data_preprocessor', 'backbone', 'neck', 'head'):
        assert first[part] == then[part]


TOWER = """
_base_ = ['clipbert_mm::clipbert_coco-vg_pretrain.py']
model = dict(
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr=False
    ),
    backbone=dict(
        _delete_=True,
        type='TransformersVision',
        model='facebook/dinov2-base',
        output='patches',
    ),
    neck=dict(in_channels=768),
)
"""


def test_config__pretraining_with_another_vision_tower(
    corpus: Path, tmp_path: Path
) -> None:
    file = tmp_path / 'tower.py'
    file.write_text(TOWER)
    cfg = shrink(str(file), corpus, work_dir=str(tmp_path / 'work'))
    runner = Runner.from_cfg(cfg)
    assert type(runner.model.backbone.tower).__name__ == 'Dinov2Model'
    tower = runner.model.backbone.named_parameters()
    before = {name: param.detach().clone() for name, param in tower}
    runner.train()
    resting = {
        name
        for name, param in runner.model.backbone.named_parameters()
        if param.equal(before[name])
    }
    # Nothing is masked, and the gradient of a key's bias is 0.
    assert {n for n in resting if not n.endswith('key.bias')} <= {
        'tower.embeddings.mask_token'
    }
    assert set(runner.test()) == {'itm_acc', 'mlm_acc'}


def test_config__activation_checkpointing_is_a_switch(
    corpus: Path, tmp_path: Path
) -> None:
    states = []
    for with_cp in (False, True):
        runner = Runner.from_cfg(
            shrink(
                'clipbert_msrvtt_ret',
                corpus,
                work_dir=str(tmp_path / str(with_cp)),
                model__backbone__with_cp=with_cp,
                model__head__with_cp=with_cp,
            )
        )
        runner.train()
        states.append(runner.model.state_dict())
    for name, value in states[0].items():
        assert value.allclose(states[1][name], atol=1e-5), name
