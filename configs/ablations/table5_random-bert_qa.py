# Table 5, CNN random, BERT-base: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table5_random-bert_qa.py 8
# Paper: accuracy 31.72. Not measured here.
_base_ = ['_base_/question_answering.py']

model = dict(backbone=dict(init_cfg=None))
