# Table 2, mean pooling, T = 2: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table2_mean-2_qa.py 8
# Paper: accuracy 36.02. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(clip_len=2, target_fps=2)
