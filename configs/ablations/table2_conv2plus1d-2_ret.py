# Table 2, Conv(2+1)D, T = 2: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table2_conv2plus1d-2_ret.py 8
# Paper: R@1 7.3, R@5 24.1, R@10 35.6, MdR 22. Not measured here.
_base_ = ['_base_/retrieval_from_parts.py']

settings = dict(clip_len=2, target_fps=2)
model = dict(neck=dict(temporal_fusion='conv2plus1d'))
