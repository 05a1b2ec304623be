# Table 5, TSN on Kinetics-700, BERT-base: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table5_tsn-bert_ret.py 8
# Paper: R@1 5.7, R@5 22.1, R@10 33.1, MdR 23. Not measured here.
_base_ = ['_base_/retrieval.py']

settings = dict(cnn_checkpoint='checkpoints/tsn-k700_r50.pth')
