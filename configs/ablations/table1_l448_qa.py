# Table 1, L = 448: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table1_l448_qa.py 8
# Paper: accuracy 35.73. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(img_size=448)
