# Baseline of the ablations on MSR-VTT retrieval: one training clip of one
# frame, the middle clip in testing, from image-text pretraining.
_base_ = ['../../clipbert_msrvtt_ret.py']

settings = dict(
    clip_len=1,
    target_fps=1,  # clips of one second
    num_train_clips=1,
    num_test_clips=1,
    test_clip_mode='middle',
)
load_from = 'checkpoints/clipbert_pretrained.pth'
model = dict(backbone=dict(init_cfg=None))
