# Table 1, L = 1000: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table1_l1000_ret.py 8
# Paper: R@1 10.0, R@5 28.4, R@10 39.4, MdR 18. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(img_size=1000)
