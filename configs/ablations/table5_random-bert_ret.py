# Table 5, CNN random, BERT-base: MSR-VTT retrieval.
#     tools/dist_train.sh configs/ablations/table5_random-bert_ret.py 8
# Paper: R@1 0.0, R@5 0.2, R@10 0.7, MdR 505. Not measured here.
_base_ = ['_base_/retrieval.py']

model = dict(backbone=dict(init_cfg=None))
