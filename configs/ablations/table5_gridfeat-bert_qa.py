# Table 5, grid-feat, BERT-base: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table5_gridfeat-bert_qa.py 8
# Paper: accuracy 35.27. Not measured here.
_base_ = ['_base_/question_answering.py']

settings = dict(cnn_checkpoint='checkpoints/grid-feats_r50.pth')
