# Table 2, mean pooling, T = 4: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table2_mean-4_ret.py 8
# Paper: R@1 10.8, R@5 30.0, R@10 43.6, MdR 14. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(clip_len=4, target_fps=4)
