# Copyright (c) clipbert_mm contributors.
"""MMAction2's own parts build from configs after ``import clipbert_mm``."""

import pytest
import torch
from mmaction.registry import DATASETS, METRICS, MODELS, TRANSFORMS
from mmengine.registry import DefaultScope


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('mmaction'):
        yield


def test_models__recognizer_runs():
    model = MODELS.build(
        dict(
            type='Recognizer2D',
            backbone=dict(type='ResNet', depth=18, pretrained=None),
            cls_head=dict(
                type='TSNHead',
                num_classes=3,
                in_channels=512,
                consensus=dict(type='AvgConsensus', dim=1),
            ),
            data_preprocessor=dict(type='ActionDataPreprocessor'),
        )
    )
    model.eval()
    with torch.no_grad():
        features = model(torch.zeros(1, 2, 3, 32, 32), mode='tensor')
    assert features.shape == (2, 512, 1, 1)


def test_datasets__video_dataset_reads_its_list(tmp_path):
    (tmp_path / 'list.txt').write_text('a.mp4 0\nb.mp4 1\n')
    dataset = DATASETS.build(
        dict(
            type='VideoDataset',
            ann_file=str(tmp_path / 'list.txt'),
            pipeline=[dict(type='DecordInit')],
        )
    )
    assert [dataset.get_data_info(i)['label'] for i in range(2)] == [0, 1]


def test_transforms__build():
    frames = TRANSFORMS.build(
        dict(type='SampleFrames', clip_len=2, num_clips=1, test_mode=True)
    )(dict(total_frames=8, start_index=0))
    assert frames['frame_inds'].shape == (2,)


def test_metrics__build():
    metric = METRICS.build(dict(type='AccMetric'))
    assert metric.default_prefix == 'acc'
