# CLIP's similarity, Flickr30k image-text retrieval.
#
#     tools/dist_test.sh configs/clip_flickr30k_ret_zeroshot.py none 8
#
# As in CLIP's own image processor, the middle of each image is read. Not
# measured here.
_base_ = ['blip_flickr30k_ret_zeroshot.py']

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
