# Baseline of the ablations on MSR-VTT retrieval, from image-text pretraining.
_base_ = ['retrieval.py']

load_from = 'checkpoints/clipbert_pretrained.pth'
model = dict(backbone=dict(init_cfg=None))
