# Baseline on MSR-VTT retrieval from image-text pretraining, for a fusion whose
# weights no checkpoint of pretraining has: each part of the model loads its
# own.
_base_ = ['retrieval.py']

pretrained = 'checkpoints/clipbert_pretrained.pth'
model = dict(
    backbone=dict(init_cfg=dict(checkpoint=pretrained)),
    neck=dict(
        init_cfg=dict(type='Pretrained', checkpoint=pretrained, prefix='neck')
    ),
    head=dict(
        init_cfg=dict(type='Pretrained', checkpoint=pretrained, prefix='head')
    ),
)
