# Table 3, mean pooling, N_train = 8: MSRVTT-QA.
#
#     tools/dist_train.sh configs/ablations/table3_mean-8_qa.py 8
#
# Paper: accuracy 35.76. Not measured here.
# Written by tools/make_ablations.py; see the README beside it.
_base_ = [
    '../_base_/models/clipbert_r50-grid.py',
    '../_base_/datasets/msrvtt_qa.py',
    '../_base_/schedules/adamw_linear_20e.py',
    '../_base_/default_runtime.py',
]

default_hooks = dict(checkpoint=dict(rule='greater', save_best='acc'))
load_from = 'checkpoints/clipbert_pretrained.pth'
model = dict(
    backbone=dict(init_cfg=None),
    consensus=dict(aggregation='mean'),
    head=dict(num_classes=1500),
    neck=dict(temporal_fusion='mean'),
    task=dict(
        _delete_=True,
        type='OpenEndedQATask',
        vocabulary='data/msrvtt/annotations/qa_vocabulary.json',
    ),
)
param_scheduler = dict(end=10)
train_cfg = dict(max_epochs=10)

train_pipeline, test_pipeline = _base_.train_pipeline, _base_.test_pipeline
for transform in train_pipeline + test_pipeline:
    if transform.type == 'SparseClipSampler':
        transform.update(clip_len=1, target_fps=1)
    if transform.type in ('ResizeLongSide', 'PadFrames'):
        transform.update(size=448)
del transform
train_pipeline[1].update(mode='random', num_clips=8)
test_pipeline[1].update(mode='uniform', num_clips=16)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
