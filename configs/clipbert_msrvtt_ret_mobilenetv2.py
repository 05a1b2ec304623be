# ClipBERT with a 2D backbone of MMAction2: MobileNetV2 instead of ResNet-50.
#
#     tools/dist_train.sh configs/clipbert_msrvtt_ret_mobilenetv2.py 8
#
# Any 2D backbone of MMAction2 plugs in like this: name it, give the neck its
# channels and the preprocessor its pixels. Everything else is
# clipbert_msrvtt_ret.py. Not in the paper; not measured here.
_base_ = ['clipbert_msrvtt_ret.py']

model = dict(
    data_preprocessor=dict(  # ImageNet's, as the backbone was trained
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr=False
    ),
    backbone=dict(
        _delete_=True,
        type='MobileNetV2',
        # To start from ImageNet pass --cfg-options cnn_checkpoint=FILE.
        pretrained=None,
        norm_eval=True,
    ),
    neck=dict(in_channels=1280),
)
