# Table 6, F_v frozen: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table6_frozen-cnn_qa.py 8
# Paper: accuracy 35.50. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

model = dict(frozen_backbone=True)
