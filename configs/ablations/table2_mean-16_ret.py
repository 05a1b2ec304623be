# Table 2, mean pooling, T = 16: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table2_mean-16_ret.py 8
# Paper: R@1 11.6, R@5 33.9, R@10 45.8, MdR 13. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(clip_len=16, target_fps=16)
