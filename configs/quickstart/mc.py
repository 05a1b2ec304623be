# Quickstart, choosing among five options, on from qa_sparse.py: the
# options are read as text, and the most telling of the clips counts.
#
#     tools/quickstart.sh --task mc
_base_ = ['./qa_sparse.py']

max_epochs = 2
load_from = None  # tools/quickstart.py sets it

model = dict(
    head=dict(num_classes=1),
    consensus=dict(aggregation='lse'),
    task=dict(_delete_=True, type='MultipleChoiceTask', num_options=5),
)

clip_len = 2
train_pipeline = [
    dict(type='LoadVideo'),
    dict(
        type='SparseClipSampler',
        mode='random',
        num_clips=2,
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
        num_clips=8,
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

train_dataloader = dict(
    dataset=dict(
        ann_file='annotations/mc_train.jsonl',
        answers=dict(format='choice', vocabulary=None),
        group_size=2,
        pipeline=train_pipeline,
    )
)
test_dataloader = dict(
    dataset=dict(
        ann_file='annotations/mc_test.jsonl',
        answers=dict(format='choice', vocabulary=None),
        pipeline=test_pipeline,
    )
)

optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = dict(end=max_epochs)
