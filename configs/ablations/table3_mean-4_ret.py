# Table 3, mean pooling, N_train = 4: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table3_mean-4_ret.py 8
# Paper: R@1 14.0, R@5 38.6, R@10 51.6, MdR 10. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(num_train_clips=4, num_test_clips=16, test_clip_mode='uniform')
model = dict(consensus=dict(aggregation='mean'))
