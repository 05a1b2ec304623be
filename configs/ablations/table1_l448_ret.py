# Table 1, L = 448: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table1_l448_ret.py 8
# Paper: R@1 10.2, R@5 28.6, R@10 40.5, MdR 17. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(img_size=448)
