# ClipBERT, MSR-VTT multiple choice: a retrieval model without training.
#
#     tools/dist_test.sh configs/clipbert_msrvtt_mc.py CHECKPOINT 8
#
# CHECKPOINT comes from clipbert_msrvtt_ret.py or is a converted official one.
# The answer is the caption with the highest match score of five. The test
# videos of MSRVTT-MC must not be training videos: none of them is in the 7k
# split, but some are in the 9k split.
#
# Paper: accuracy 88.2 (8x2), 87.9 (4x1). Not measured here.
_base_ = [
    '_base_/models/clipbert_r50-grid.py',
    '_base_/datasets/msrvtt_multiple_choice.py',
    '_base_/default_runtime.py',
]
