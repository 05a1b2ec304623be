# Table 1, L = 224: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table1_l224_ret.py 8
# Paper: R@1 6.8, R@5 24.4, R@10 35.8, MdR 20. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(img_size=224)
