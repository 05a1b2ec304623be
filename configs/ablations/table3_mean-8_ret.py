# Table 3, mean pooling, N_train = 8: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table3_mean-8_ret.py 8
# Paper: R@1 13.4, R@5 36.4, R@10 49.7, MdR 11. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(num_train_clips=8, num_test_clips=16, test_clip_mode='uniform')
model = dict(consensus=dict(aggregation='mean'))
