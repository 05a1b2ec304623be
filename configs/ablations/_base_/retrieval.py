# Baseline of the ablations on MSR-VTT retrieval: one training clip of one
# frame and one middle test clip, from BERT and the grid-feats CNN.
_base_ = ['../../clipbert_msrvtt_ret.py']

settings = dict(
    clip_len=1,
    target_fps=1,  # clips of one second
    num_train_clips=1,
    num_test_clips=1,
    test_clip_mode='middle',
)
