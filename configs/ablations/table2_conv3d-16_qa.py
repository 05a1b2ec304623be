# Table 2, Conv3D, T = 16: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table2_conv3d-16_qa.py 8
# Paper: accuracy 35.03. Not measured here.
_base_ = ['_base_/question_answering_from_parts.py']

settings = dict(clip_len=16, target_fps=16)
model = dict(neck=dict(temporal_fusion='conv3d'))
