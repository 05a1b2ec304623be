# Table 3, N_train = 1: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table3_1_ret.py 8
# Paper: R@1 12.7, R@5 34.5, R@10 48.8, MdR 11. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(num_test_clips=16, test_clip_mode='uniform')
