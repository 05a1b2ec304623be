# Quickstart, second half: retrieval on sparsely sampled clips of videos, from
# the pretrained checkpoint, and the test on the gallery.
#
#     tools/quickstart.sh
_base_ = ['./_base_.py']

load_from = None  # set by the quickstart

model = dict(task=dict(type='RetrievalTask', loss_type='ce'))

tokenize = dict(
    type='BertTokenize',
    tokenizer=_base_.tokenizer,
    max_txt_len=_base_.max_txt_len,
)
square = [
    dict(type='DecordDecode'),
    dict(type='ResizeLongSide', size=_base_.img_size),
    dict(type='PadFrames', size=_base_.img_size),
    dict(type='FormatClips'),
]
train_pipeline = [
    dict(type='LoadVideo'),
    dict(
        type='SparseClipSampler',
        mode='random',
        num_clips=2,
        clip_len=2,
        target_fps=4,
    ),
    *square,
    tokenize,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('text_labels',),
        meta_keys=('video_id', 'filename'),
    ),
]
test_pipeline = [
    dict(type='LoadVideo'),
    dict(
        type='SparseClipSampler',
        mode='uniform',
        num_clips=4,
        clip_len=2,
        target_fps=4,
    ),
    *square,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs',),
        algorithm_keys=('own_text_inds', 'own_text_ids'),
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
        type='VideoTextRetrieval',
        data_root=_base_.data_root,
        ann_file='annotations/videos_train.jsonl',
        data_prefix=dict(video='videos'),
        group_size=1,
        negatives=dict(
            number=7,
            hard=4,
            source='annotations/videos_train_negatives.jsonl',
        ),
        pipeline=train_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='VideoTextRetrieval',
        data_root=_base_.data_root,
        ann_file='annotations/gallery_test.jsonl',
        data_prefix=dict(video='videos'),
        test_mode=True,
        tokenize=tokenize,
        pipeline=test_pipeline,
    ),
)
test_evaluator = dict(type='VideoTextRetrievalMetric')
test_cfg = dict(type='TestLoop')

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=2)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = dict(
    type='WarmupLinearLR',
    end=2,
    by_epoch=True,
    convert_to_iter_based=True,
)
