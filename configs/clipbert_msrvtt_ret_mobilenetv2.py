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
        norm_eval=True,
        # ImageNet's weights, converted with `python tools/convert_weights.py
        # mobilenetv2 SOURCE TARGET`; docs/weights.md names a package that has
        # them. Another file: `--cfg-options cnn_checkpoint=TARGET`. To start
        # at random pass `--cfg-options model.backbone.init_cfg=None`.
        init_cfg=dict(
            type='Pretrained',
            checkpoint='checkpoints/mobilenetv2_imagenet.pth',
            prefix='backbone',
        ),
    ),
    neck=dict(in_channels=1280),
)
