# Table 5, TSN on Kinetics-700, BERT-base: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table5_tsn-bert_qa.py 8
# Paper: accuracy 35.40. Not measured here.
_base_ = ['_base_/question_answering.py']

settings = dict(cnn_checkpoint='checkpoints/tsn-k700_r50.pth')
