# BLIP's image-text matching on sparse clips, MSR-VTT text-to-video retrieval.
#
#     tools/dist_test.sh configs/blip_msrvtt_ret_zeroshot.py none 8
#
# The model has seen no video: a clip is one frame, and its scores are fused
# over the clips. `tools/train.py` fine-tunes it end to end. Another BLIP:
# `--cfg-options pretrained=FOLDER`. Not measured here.
_base_ = [
    '_base_/models/blip_matching.py',
    '_base_/datasets/msrvtt_retrieval_square.py',
    '_base_/schedules/adamw_linear_20e.py',
    '_base_/default_runtime.py',
]
