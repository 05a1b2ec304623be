# Table 3, max pooling, N_train = 16: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table3_max-16_ret.py 8
# Paper: R@1 12.5, R@5 33.1, R@10 46.8, MdR 12. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(
    num_train_clips=16,
    num_test_clips=16,
    test_clip_mode='uniform',
)
model = dict(consensus=dict(aggregation='max'))
