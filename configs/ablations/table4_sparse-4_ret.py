# Table 4, sparse random, N_train = 4: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table4_sparse-4_ret.py 8
# Paper: R@1 15.7, R@5 41.9, R@10 55.3, MdR 8. Not measured here.
_base_ = ['_base_/retrieval_pretrained.py']

settings = dict(num_train_clips=4, num_test_clips=16, test_clip_mode='uniform')
