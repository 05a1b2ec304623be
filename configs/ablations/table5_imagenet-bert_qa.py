# Table 5, ImageNet, BERT-base: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table5_imagenet-bert_qa.py 8
# Paper: accuracy 35.01. Not measured here.
_base_ = ['_base_/question_answering.py']

settings = dict(cnn_checkpoint='checkpoints/imagenet_r50.pth')
