# ClipBERT with a 3D backbone of MMAction2: SlowOnly instead of ResNet-50.
#
#     tools/dist_train.sh configs/clipbert_msrvtt_ret_slowonly.py 8
#
# A 3D backbone reads whole clips (backbone_input='clips'): here 4 frames per
# clip at 4 frames a second, 224 pixels. The grid encoder fuses the frames that
# the backbone leaves. Everything else is clipbert_msrvtt_ret.py. Not in the
# paper; not measured here.
_base_ = ['clipbert_msrvtt_ret.py']

settings = dict(img_size=224, clip_len=4, target_fps=4)

model = dict(
    backbone_input='clips',
    data_preprocessor=dict(  # Kinetics', as the backbone was trained
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr=False
    ),
    backbone=dict(
        _delete_=True,
        type='ResNet3dSlowOnly',
        depth=50,
        # To start from Kinetics pass --cfg-options cnn_checkpoint=FILE.
        pretrained=None,
        lateral=False,
        conv1_kernel=(1, 7, 7),
        conv1_stride_t=1,
        pool1_stride_t=1,
        inflate=(0, 0, 1, 1),
        norm_eval=True,
    ),
)
