# Table 5, grid-feat, BERT-base: MSRVTT-QA.
#     tools/dist_train.sh configs/ablations/table5_gridfeat-bert_qa.py 8
# Paper: accuracy 35.27. Not measured here.
_base_ = ['_base_/question_answering.py']

load_from = None
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='checkpoints/grid-feats_r50.pth',
            prefix='backbone',
        )
    )
)
