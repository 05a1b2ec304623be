# CLIP's similarity, Flickr30k image-text retrieval.
#
#     tools/dist_test.sh configs/clip_flickr30k_ret_zeroshot.py none 8
#
# As in CLIP's own image processor, the middle of each image is read. Not
# measured here.
_base_ = [
    '_base_/models/clip_similarity.py',
    '_base_/datasets/flickr30k_retrieval_square.py',
    '_base_/schedules/adamw_linear_20e.py',
    '_base_/default_runtime.py',
]

settings = dict(
    pretrained='openai/clip-vit-base-patch32',
    tokenizer='openai/clip-vit-base-patch32',
    max_txt_len=77,
    img_size=224,
    fit='crop',
)
