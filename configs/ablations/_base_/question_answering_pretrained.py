# Baseline of the ablations on MSRVTT-QA, from image-text pretraining.
_base_ = ['question_answering.py']

load_from = 'checkpoints/clipbert_pretrained.pth'
model = dict(backbone=dict(init_cfg=None))
