# Table 2, mean pooling, T = 8: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table2_mean-8_ret.py 8
# Paper: R@1 10.6, R@5 32.5, R@10 45.0, MdR 13. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(clip_len=8, target_fps=8)
