# Table 3, max pooling, N_train = 16: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table3_max-16_qa.py 8
# Paper: accuracy 36.25. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(num_train_clips=16, num_test_clips=16)
model = dict(consensus=dict(aggregation='max'))
