# Table 5, ImageNet, BERT-base: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table5_imagenet-bert_ret.py 8
# Paper: R@1 7.2, R@5 23.3, R@10 35.6, MdR 21. Not measured here.
_base_ = ['_base_/retrieval.py']

settings = dict(cnn_checkpoint='checkpoints/imagenet_r50.pth')
