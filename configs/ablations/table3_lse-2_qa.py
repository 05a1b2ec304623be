# Table 3, LogSumExp, N_train = 2: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table3_lse-2_qa.py 8
# Paper: accuracy 36.59. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(num_train_clips=2, num_test_clips=16)
