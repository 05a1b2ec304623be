# Table 6, F_v and F_l frozen: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table6_frozen-both_qa.py 8
# Paper: accuracy 35.78. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

model = dict(frozen_backbone=True, head=dict(frozen_text=True))
