# CLIP's similarity on sparse clips, MSR-VTT text-to-video retrieval.
#
#     tools/dist_test.sh configs/clip_msrvtt_ret_zeroshot.py none 8
#
# As in CLIP's own image processor, the middle of each frame is read. Another
# CLIP: `--cfg-options pretrained=FOLDER`. Not measured here.
_base_ = ['blip_msrvtt_ret_zeroshot.py']

settings = dict(
    pretrained='openai/clip-vit-base-patch32',
    tokenizer='openai/clip-vit-base-patch32',
    max_txt_len=77,
    img_size=224,
    fit='crop',
)
model = dict(
    backbone=dict(output='pooled'),
    head=dict(
        _delete_=True,
        type='DualEncoderHead',
        model='openai/clip-vit-base-patch32',
    ),
    task=dict(loss_type='rank'),
)
