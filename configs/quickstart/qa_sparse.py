# Quickstart, answering questions about event videos, first part, from scratch:
# each question has one of 21 answers, and training sees one random clip of two
# frames at a time.
#
#     tools/quickstart.sh --task qa
_base_ = ['./_base_.py']

vocabulary = 'annotations/answers.json'

model = dict(
    backbone=dict(stage_blocks=(1, 1), strides=(2, 2)),
    # Without the norm a quarter of the channels die, and few shapes are
    # learned.
    neck=dict(in_channels=256, norm='batch'),
    head=dict(num_classes=21),
    consensus=dict(aggregation='mean'),
    task=dict(
        type='OpenEndedQATask', vocabulary=_base_.data_root + '/' + vocabulary
    ),
)

clip_len = 2
target_fps = 2
square = [
    dict(type='DecordDecode'),
    dict(type='ResizeLongSide', size=_base_.img_size),
    dict(type='PadFrames', size=_base_.img_size),
    dict(type='FormatClips'),
    dict(
        type='BertTokenize',
        tokenizer=_base_.tokenizer,
        max_txt_len=_base_.max_txt_len,
    ),
]
train_pipeline = [
    dict(type='LoadVideo'),
    dict(
        type='SparseClipSampler',
        mode='random',
        num_clips=1,
        clip_len=clip_len,
        target_fps=target_fps,
    ),
    *square,
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
        num_clips=16,
        clip_len=clip_len,
        target_fps=target_fps,
    ),
    *square,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('answer_labels', 'question_ids', 'answer_types'),
        meta_keys=('video_id', 'filename'),
    ),
]

train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler', shuffle=True),
    dataset=dict(
        type='VideoQuestionAnswering',
        data_root=_base_.data_root,
        ann_file='annotations/qa_train.jsonl',
        data_prefix=dict(video='videos'),
        answers=dict(format='open', vocabulary=vocabulary),
        group_size=4,
        pipeline=train_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=8,
    num_workers=1,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='VideoQuestionAnswering',
        data_root=_base_.data_root,
        ann_file='annotations/qa_test.jsonl',
        data_prefix=dict(video='videos'),
        answers=dict(format='open', vocabulary=vocabulary),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_evaluator = dict(type='VideoQAMetric')
test_cfg = dict(type='TestLoop')

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=10)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = dict(
    type='WarmupLinearLR',
    end=10,
    by_epoch=True,
    convert_to_iter_based=True,
)
