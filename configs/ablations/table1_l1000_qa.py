# Table 1, L = 1000: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table1_l1000_qa.py 8
# Paper: accuracy 35.19. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(img_size=1000)
