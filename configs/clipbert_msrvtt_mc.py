# ClipBERT, MSR-VTT multiple choice: a retrieval model without training.
#
#     tools/dist_test.sh configs/clipbert_msrvtt_mc.py CHECKPOINT 8
#
# CHECKPOINT is one of clipbert_msrvtt_ret.py or a converted official one. The
# answer is the caption, of five, with the highest match score. MSRVTT-MC's
# test videos must not be among the training videos: the 7k split has none of
# them, the 9k split does.
#
# Paper: accuracy 88.2 (8x2), 87.9 (4x1). Not measured here.
_base_ = [
    '_base_/models/clipbert_r50-grid.py',
    '_base_/datasets/msrvtt_multiple_choice.py',
    '_base_/default_runtime.py',
]
