# Table 3, mean pooling, N_train = 16: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table3_mean-16_ret.py 8
# Paper: R@1 15.2, R@5 39.4, R@10 53.1, MdR 9. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(
    num_train_clips=16,
    num_test_clips=16,
    test_clip_mode='uniform',
)
model = dict(consensus=dict(aggregation='mean'))
