# BridgeTower's image-text matching on sparse clips, MSR-VTT text-to-video
# retrieval.
#
#     tools/dist_test.sh configs/bridgetower_msrvtt_ret_zeroshot.py none 8
#
# As in the authors' training, the middle of each frame is read; the image
# processor of transformers shrinks frames that are wider than 5:3 a little
# more. A clip is the states of six layers, 6.0 MB. Another BridgeTower:
# `--cfg-options pretrained=FOLDER`. Not measured here.
_base_ = ['blip_msrvtt_ret_zeroshot.py']

settings = dict(
    pretrained='BridgeTower/bridgetower-base-itm-mlm',
    tokenizer='BridgeTower/bridgetower-base-itm-mlm',
    max_txt_len=50,
    img_size=288,
    fit='crop',
)
model = dict(
    backbone=dict(
        _delete_=True,
        type='BridgeTowerVision',
        model='BridgeTower/bridgetower-base-itm-mlm',
    ),
    neck=dict(out_channels=6 * 768),  # layers x width
    head=dict(
        _delete_=True,
        type='BridgeTowerHead',
        model='BridgeTower/bridgetower-base-itm-mlm',
    ),
)
