# ClipBERT in small, easy-VQA: questions about shapes, an image is one clip of
# one frame.
#
#     python tools/train.py configs/clipbert_easy_vqa.py
#     python tools/test.py configs/clipbert_easy_vqa.py CHECKPOINT
#
# The network is that of the quickstart's questions; it and its words need no
# download. Each question has one of 13 answers. docs/data/easy_vqa.md has the
# results, and what each of the settings marked * is worth.
_base_ = ['quickstart/_base_.py']

data_root = 'data/easy_vqa'
tokenizer = '{{ fileDirname }}/_base_/easy_vqa_vocabulary'
vocabulary = 'annotations/vocabulary.json'  # below data_root
bert = dict(vocab_size=32)  # words of the questions

img_size = 64
max_txt_len = 16  # tokens, [CLS] and [SEP] counted

model = dict(
    backbone=dict(
        stage_blocks=(1, 1),
        strides=(2, 2),
        init_cfg=dict(type='Kaiming', layer='ConvNorm'),  # *
    ),
    neck=dict(in_channels=256, norm='batch'),  # *
    head=dict(bert=bert, tokenizer=tokenizer, num_classes=13),
    consensus=dict(aggregation='mean'),
    task=dict(type='OpenEndedQATask', vocabulary=data_root + '/' + vocabulary),
)

image = [  # one clip of one frame
    dict(type='LoadImageClip'),
    dict(type='ResizeLongSide', size=img_size),
    dict(type='PadFrames', size=img_size),
    dict(type='FormatClips'),
    dict(type='BertTokenize', tokenizer=tokenizer, max_txt_len=max_txt_len),
]
train_pipeline = [
    *image,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('answer_labels',),
        meta_keys=('video_id', 'filename'),
    ),
]
test_pipeline = [
    *image,
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
        answers=dict(format='open', vocabulary=vocabulary),
        group_size=4,  # questions of an image
        data_root=data_root,
        ann_file='annotations/train.jsonl',
        data_prefix=dict(img=''),
        media_suffix='.png',
        pipeline=train_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=8,
    num_workers=1,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='VideoQuestionAnswering',
        answers=dict(format='open', vocabulary=vocabulary),
        data_root=data_root,
        ann_file='annotations/test.jsonl',
        data_prefix=dict(img=''),
        media_suffix='.png',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_evaluator = dict(type='VideoQAMetric', bad_videos='raise')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(optimizer=dict(lr=5e-4))  # *
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=5)
param_scheduler = dict(
    type='WarmupLinearLR',
    end=5,
    by_epoch=True,
    convert_to_iter_based=True,
)
