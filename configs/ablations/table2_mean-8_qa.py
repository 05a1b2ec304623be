# Table 2, mean pooling, T = 8: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table2_mean-8_qa.py 8
# Paper: accuracy 35.69. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(clip_len=8, target_fps=8)
