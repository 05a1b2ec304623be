# Table 2, Conv(2+1)D, T = 16: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table2_conv2plus1d-16_ret.py 8
# Paper: R@1 9.9, R@5 27.3, R@10 39.6, MdR 17. Not measured here.
_base_ = ['_base_/retrieval_from_parts.py']

settings = dict(clip_len=16, target_fps=16)
model = dict(neck=dict(temporal_fusion='conv2plus1d'))
