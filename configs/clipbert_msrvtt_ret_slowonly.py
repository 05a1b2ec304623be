# ClipBERT with a 3D backbone of MMAction2: SlowOnly instead of ResNet-50.
#
#     tools/dist_train.sh configs/clipbert_msrvtt_ret_slowonly.py 8
#
# A 3D backbone reads whole clips (backbone_input='clips'): here 4 frames a
# clip at 4 frames a second, 224 pixels. The grid encoder fuses the frames that
# the backbone leaves. Everything else is clipbert_msrvtt_ret.py. Not in the
# paper; not measured here.
_base_ = [
    '_base_/models/clipbert_r50-grid.py',
    '_base_/datasets/msrvtt_retrieval.py',
    '_base_/schedules/adamw_linear_20e.py',
    '_base_/default_runtime.py',
]

model = dict(
    backbone_input='clips',
    data_preprocessor=dict(  # Kinetics', as the backbone was trained
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr=False
    ),
    backbone=dict(
        _delete_=True,
        type='ResNet3dSlowOnly',
        depth=50,
        # To start from Kinetics name a checkpoint file here.
        pretrained=None,
        lateral=False,
        conv1_kernel=(1, 7, 7),
        conv1_stride_t=1,
        pool1_stride_t=1,
        inflate=(0, 0, 1, 1),
        norm_eval=True,
    ),
)

train_pipeline = _base_.train_pipeline
test_pipeline = _base_.test_pipeline
for pipeline in (train_pipeline, test_pipeline):
    for transform in pipeline:
        if transform.type == 'SparseClipSampler':
            transform.update(clip_len=4, target_fps=4)
        if transform.type in ('ResizeLongSide', 'PadFrames'):
            transform.update(size=224)
del pipeline, transform
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

default_hooks = dict(checkpoint=dict(save_best='t2v/R1', rule='greater'))
