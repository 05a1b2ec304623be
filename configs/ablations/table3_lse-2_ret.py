# Table 3, LogSumExp, N_train = 2: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table3_lse-2_ret.py 8
# Paper: R@1 15.5, R@5 38.4, R@10 52.6, MdR 9. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(num_train_clips=2, num_test_clips=16, test_clip_mode='uniform')
