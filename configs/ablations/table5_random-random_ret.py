# Table 5, CNN random, transformer random: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table5_random-random_ret.py 8
# Paper: R@1 0.3, R@5 0.4, R@10 0.9, MdR 506. Not measured here.
_base_ = ['_base_/retrieval.py']

settings = dict(bert=dict(vocab_size=30522))
model = dict(backbone=dict(init_cfg=None))
