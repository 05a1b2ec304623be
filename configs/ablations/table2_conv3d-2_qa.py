# Table 2, Conv3D, T = 2: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table2_conv3d-2_qa.py 8
# Paper: accuracy 34.85. Not measured here.
_base_ = ['_base_/question_answering_from_parts.py']

settings = dict(clip_len=2, target_fps=2)
model = dict(neck=dict(temporal_fusion='conv3d'))
