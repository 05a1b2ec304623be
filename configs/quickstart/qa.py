# Quickstart, answering questions about event videos, second part, on from the
# first: one clip of eight frames, as long as most videos. An action lasts 1.2
# times as long as from one frame to the next, so that the share of frames that
# show it tells how often it is done.
#
#     tools/quickstart.sh --task qa
_base_ = ['./qa_sparse.py']

max_epochs = 2
load_from = None  # tools/quickstart.py sets it

clip_len = 8
train_pipeline = [
    dict(type='LoadVideo'),
    dict(
        type='SparseClipSampler',
        mode='random',
        num_clips=1,
        clip_len=clip_len,
        target_fps=2,
    ),
    *_base_.square,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('answer_labels',),
        meta_keys=('video_id', 'filename'),
    ),
]
test_pipeline = [
    dict(type='LoadVideo'),
    dict(
        type='SparseClipSampler',
        mode='uniform',
        num_clips=2,
        clip_len=clip_len,
        target_fps=2,
    ),
    *_base_.square,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('answer_labels', 'question_ids', 'answer_types'),
        meta_keys=('video_id', 'filename'),
    ),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))

optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(end=max_epochs)
