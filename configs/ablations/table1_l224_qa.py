# Table 1, L = 224: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table1_l224_qa.py 8
# Paper: accuracy 35.78. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(img_size=224)
