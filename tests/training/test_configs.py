# Copyright (c) clipbert_mm contributors.
"""Every shipped config: loads from anywhere, trains a step, is evaluated."""
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from clipbert_mm import config_file

from .shrink import shrink

CONFIGS = sorted(
    path.stem for path in Path(config_file('clipbert_msrvtt_ret')).parent.glob(
        'clipbert_*.py'))
PUBLISHED = ['clipbert_msrvtt_ret', 'clipbert_didemo_ret',
             'clipbert_activitynet_ret']  # yapf: disable


@pytest.mark.parametrize('name', CONFIGS)
def test_config__trains_and_is_evaluated(name: str, corpus: Path,
                                         tmp_path: Path) -> None:
    cfg = shrink(name, corpus, work_dir=str(tmp_path))
    runner = Runner.from_cfg(cfg)
    before = {n: p.detach().clone()
              for n, p in runner.model.named_parameters()}
    runner.train()
    resting = {n for n, p in runner.model.named_parameters()
               if p.requires_grad and p.equal(before[n])}  # yapf: disable
    # The gradient of a key's bias is 0, by the symmetry of softmax.
    resting = {n for n in resting if not n.endswith('key.bias')}
    if cfg.model.backbone.type != 'ResNet50Grid':
        # A random MobileNetV2 lets next to nothing through to single norms.
        trained = [n for n, _ in runner.model.backbone.named_parameters()
                   if f'backbone.{n}' not in resting]  # yapf: disable
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


@pytest.mark.parametrize('name, clips, fps, epochs, max_txt_len, max_norm', [
    ('clipbert_msrvtt_ret', 8, 2, 20, 20, 5.),
    ('clipbert_didemo_ret', 8, 2, 20, 100, 5. / 4),
    ('clipbert_activitynet_ret', 4, 1, 80, 100, 5. / 2),
])
def test_config__numbers_of_the_recipe(name: str, clips: int, fps: int,
                                       epochs: int, max_txt_len: int,
                                       max_norm: float) -> None:
    cfg = Config.fromfile(config_file(name))
    steps = {t.type: t for t in cfg.train_dataloader.dataset.pipeline}
    sampler = steps['SparseClipSampler']
    assert (sampler.mode, sampler.num_clips, sampler.clip_len,
            sampler.target_fps) == ('random', clips, 2, fps)
    assert steps['BertTokenize'].max_txt_len == max_txt_len
    assert steps['ResizeLongSide']['size'] == steps['PadFrames']['size'] == 448
    assert cfg.train_cfg.max_epochs == cfg.param_scheduler.end == epochs
    assert cfg.param_scheduler.warmup_ratio == 0.1
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.lr, optimizer.betas, optimizer.eps,
            optimizer.weight_decay) == (5e-5, (0.9, 0.98), 1e-6, 1e-3)
    assert cfg.optim_wrapper.clip_grad.max_norm == max_norm
    assert cfg.optim_wrapper.dtype == 'bfloat16'


@pytest.mark.parametrize('name', PUBLISHED)
def test_config__base_batch_is_that_of_eight_gpus(name: str) -> None:
    cfg = Config.fromfile(config_file(name))
    assert (cfg.auto_scale_lr.base_batch_size ==
            8 * cfg.train_dataloader.batch_size)


def test_config__activation_checkpointing_is_a_switch(corpus: Path,
                                                      tmp_path: Path) -> None:
    states = []
    for with_cp in (False, True):
        runner = Runner.from_cfg(
            shrink(
                'clipbert_msrvtt_ret',
                corpus,
                work_dir=str(tmp_path / str(with_cp)),
                model__backbone__with_cp=with_cp,
                model__head__with_cp=with_cp))
        runner.train()
        states.append(runner.model.state_dict())
    for name, value in states[0].items():
        assert value.allclose(states[1][name], atol=1e-5), name
