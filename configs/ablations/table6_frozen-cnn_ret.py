# Table 6, F_v frozen: MSR-VTT retrieval.
#
#     tools/dist_train.sh configs/ablations/table6_frozen-cnn_ret.py 8
#
# Paper: R@1 9.0, R@5 27.5, R@10 39.4, MdR 18. Not measured here.
# Written by tools/make_ablations.py; see the README beside it.
_base_ = [
    '../_base_/models/clipbert_r50-grid.py',
    '../_base_/datasets/msrvtt_retrieval.py',
    '../_base_/schedules/adamw_linear_20e.py',
    '../_base_/default_runtime.py',
]

default_hooks = dict(checkpoint=dict(rule='greater', save_best='t2v/R1'))
load_from = 'checkpoints/clipbert_pretrained.pth'
model = dict(
    backbone=dict(init_cfg=None),
    consensus=dict(aggregation='lse'),
    frozen_backbone=True,
    neck=dict(temporal_fusion='mean'),
)

train_pipeline, test_pipeline = _base_.train_pipeline, _base_.test_pipeline
for transform in train_pipeline + test_pipeline:
    if transform.type == 'SparseClipSampler':
        transform.update(clip_len=1, target_fps=1)
    if transform.type in ('ResizeLongSide', 'PadFrames'):
        transform.update(size=448)
del transform
train_pipeline[1].update(mode='random', num_clips=1)
test_pipeline[1].update(mode='middle', num_clips=1)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
