# Table 3, LogSumExp, N_train = 16: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table3_lse-16_ret.py 8
# Paper: R@1 17.4, R@5 41.5, R@10 55.5, MdR 8. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(
    num_train_clips=16,
    num_test_clips=16,
    test_clip_mode='uniform',
)
