# Table 4, dense uniform, N_train = 16: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table4_dense-16_ret.py 8
# Paper: R@1 15.5, R@5 39.6, R@10 55.0, MdR 9. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(
    num_train_clips=16,
    num_test_clips=16,
    test_clip_mode='uniform',
    train_clip_mode='dense_uniform',
)
