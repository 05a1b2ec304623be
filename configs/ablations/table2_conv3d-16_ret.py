# Table 2, Conv3D, T = 16: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table2_conv3d-16_ret.py 8
# Paper: R@1 10.1, R@5 28.9, R@10 41.7, MdR 16. Not measured here.
_base_ = ['_base_/retrieval_from_parts.py']

settings = dict(clip_len=16, target_fps=16)
model = dict(neck=dict(temporal_fusion='conv3d'))
