# Table 5, grid-feat, BERT-base: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table5_gridfeat-bert_ret.py 8
# Paper: R@1 7.4, R@5 21.0, R@10 30.7, MdR 26. Not measured here.
_base_ = ['_base_/retrieval.py']

settings = dict(cnn_checkpoint='checkpoints/grid-feats_r50.pth')
