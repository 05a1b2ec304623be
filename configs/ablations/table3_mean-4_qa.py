# Table 3, mean pooling, N_train = 4: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table3_mean-4_qa.py 8
# Paper: accuracy 35.40. Not measured here.
_base_ = ['_base_/question_answering_pretrained.py']

settings = dict(num_train_clips=4, num_test_clips=16)
model = dict(consensus=dict(aggregation='mean'))
