# Table 5, CNN random, transformer random: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table5_random-random_qa.py 8
# Paper: accuracy 28.05. Not measured here.
_base_ = ['_base_/question_answering.py']

settings = dict(bert=dict(vocab_size=30522))
model = dict(backbone=dict(init_cfg=None))
