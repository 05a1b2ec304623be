# Table 2, mean pooling, T = 4: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table2_mean-4_qa.py 8
# Paper: accuracy 35.83. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(clip_len=4, target_fps=4)
