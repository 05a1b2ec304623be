# Table 3, mean pooling, N_train = 2: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table3_mean-2_ret.py 8
# Paper: R@1 13.3, R@5 37.1, R@10 50.6, MdR 10. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(num_train_clips=2, num_test_clips=16, test_clip_mode='uniform')
model = dict(consensus=dict(aggregation='mean'))
