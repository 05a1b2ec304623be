# Table 3, max pooling, N_train = 2: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table3_max-2_ret.py 8
# Paper: R@1 8.5, R@5 28.7, R@10 42.2, MdR 14. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(num_train_clips=2, num_test_clips=16, test_clip_mode='uniform')
model = dict(consensus=dict(aggregation='max'))
