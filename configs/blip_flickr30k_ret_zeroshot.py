# BLIP's image-text matching, Flickr30k image-text retrieval.
#
#     tools/dist_test.sh configs/blip_flickr30k_ret_zeroshot.py none 8
#     tools/dist_train.sh configs/blip_flickr30k_ret_zeroshot.py 8
#
# The 1,000 images of Karpathy's test split with five captions each: t2v is
# image retrieval, v2t is text retrieval. COCO, whose files have the same form:
# `--cfg-options data_root=data/coco`. Not measured here.
_base_ = [
    '_base_/models/blip_matching.py',
    '_base_/datasets/flickr30k_retrieval_square.py',
    '_base_/schedules/adamw_linear_20e.py',
    '_base_/default_runtime.py',
]
