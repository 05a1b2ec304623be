# Table 6, F_v and F_l frozen: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table6_frozen-both_ret.py 8
# Paper: R@1 8.0, R@5 27.2, R@10 38.9, MdR 17. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

model = dict(frozen_backbone=True, head=dict(frozen_text=True))
