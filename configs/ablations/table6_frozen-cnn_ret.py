# Table 6, F_v frozen: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table6_frozen-cnn_ret.py 8
# Paper: R@1 9.0, R@5 27.5, R@10 39.4, MdR 18. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

model = dict(frozen_backbone=True)
