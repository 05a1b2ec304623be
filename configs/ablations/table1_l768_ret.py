# Table 1, L = 768: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table1_l768_ret.py 8
# Paper: R@1 11.0, R@5 27.8, R@10 40.9, MdR 16. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(img_size=768)
