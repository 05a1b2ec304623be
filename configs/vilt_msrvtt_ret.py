# ViLT on sparse clips, MSR-VTT text-to-video retrieval.
#
#     tools/dist_test.sh configs/vilt_msrvtt_ret.py none 8
#     tools/dist_train.sh configs/vilt_msrvtt_ret.py 8
#
# The model starts from image-text retrieval on COCO. Frames are 384 x 384
# pixels; ViLT's own image processor keeps the aspect ratio, with the shorter
# side of 384. Not measured here.
_base_ = ['blip_msrvtt_ret_zeroshot.py']

settings = dict(
    pretrained='dandelin/vilt-b32-finetuned-coco',
    tokenizer='dandelin/vilt-b32-finetuned-coco',
    max_txt_len=40,
)
model = dict(
    data_preprocessor=dict(
        mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5]
    ),
    backbone=dict(
        _delete_=True,
        type='ViltPatches',
        model='dandelin/vilt-b32-finetuned-coco',
    ),
    head=dict(
        _delete_=True,
        type='ViltHead',
        model='dandelin/vilt-b32-finetuned-coco',
    ),
    task=dict(loss_type='rank'),
)
