# BLIP-2's image-text matching on sparse clips, MSR-VTT text-to-video
# retrieval.
#
#     tools/dist_test.sh configs/blip2_msrvtt_ret_zeroshot.py none 8
#
# The contrastive part, which scores a text and a clip by one product, so that
# any number of videos is ranked fast:
#
#     --cfg-options model.head.type=Blip2ContrastiveHead \
#         model.task.loss_type=rank
#
# Frames lose their aspect ratio. Backbone and head each read the whole
# checkpoint and keep their part. Another BLIP-2 with a matching head:
# `--cfg-options pretrained=FOLDER`. Not measured here.
_base_ = ['blip_msrvtt_ret_zeroshot.py']

settings = dict(
    pretrained='Salesforce/blip2-itm-vit-g',
    tokenizer='Salesforce/blip2-itm-vit-g',
    max_txt_len=32,
    img_size=224,
)
model = dict(
    neck=dict(out_channels=1408),
    head=dict(type='Blip2MatchingHead'),
)
