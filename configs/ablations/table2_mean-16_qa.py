# Table 2, mean pooling, T = 16: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table2_mean-16_qa.py 8
# Paper: accuracy 36.05. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(clip_len=16, target_fps=16)
