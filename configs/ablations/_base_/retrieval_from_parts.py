# Baseline on MSR-VTT retrieval for a fusion with weights of its own, which no checkpoint of
# pretraining has: each part of the model starts from its part of the file.
_base_ = ['retrieval.py']

load_from = None
pretrained = 'checkpoints/clipbert_pretrained.pth'
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained', checkpoint=pretrained, prefix='backbone'
        )
    ),
    neck=dict(
        init_cfg=dict(type='Pretrained', checkpoint=pretrained, prefix='neck')
    ),
    head=dict(
        init_cfg=dict(type='Pretrained', checkpoint=pretrained, prefix='head')
    ),
)
