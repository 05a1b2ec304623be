# Table 2, mean pooling, T = 2: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table2_mean-2_ret.py 8
# Paper: R@1 11.3, R@5 31.7, R@10 44.9, MdR 14. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(clip_len=2, target_fps=2)
