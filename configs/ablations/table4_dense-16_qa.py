# Table 4, dense uniform, N_train = 16: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table4_dense-16_qa.py 8
# Paper: accuracy 35.88. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(
    num_train_clips=16,
    num_test_clips=16,
    train_clip_mode='dense_uniform',
)
