# Table 3, N_train = 1: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table3_1_qa.py 8
# Paper: accuracy 36.24. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(num_test_clips=16)
