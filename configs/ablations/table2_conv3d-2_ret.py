# Table 2, Conv3D, T = 2: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table2_conv3d-2_ret.py 8
# Paper: R@1 8.7, R@5 27.3, R@10 40.2, MdR 17. Not measured here.
_base_ = ['_base_/retrieval_from_parts.py']

settings = dict(clip_len=2, target_fps=2)
model = dict(neck=dict(temporal_fusion='conv3d'))
