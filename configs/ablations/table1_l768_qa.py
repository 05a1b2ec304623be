# Table 1, L = 768: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table1_l768_qa.py 8
# Paper: accuracy 35.73. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(img_size=768)
