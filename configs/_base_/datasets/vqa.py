# VQA 2.0: questions about images, soft targets over 3,129 answers.
# Reference: vqa_base_resnet50.json at a118b02.
data_root = 'data/vqa'
tokenizer = 'bert-base-uncased'  # hub name, or folder with vocab.txt
vocabulary = 'annotations/vocabulary.json'  # below data_root

img_size = 768
max_txt_len = 20  # tokens, [CLS] and [SEP] counted

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
        algorithm_keys=('soft_labels',),
        meta_keys=('video_id', 'filename'),
    ),
]
test_pipeline = [
    *image,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('soft_labels', 'question_ids', 'answer_types'),
        meta_keys=('video_id', 'filename'),
    ),
]

train_dataloader = dict(
    batch_size=16,  # images for each GPU
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='EpochSampler', shuffle=True),
    dataset=dict(
        type='VideoQuestionAnswering',
        answers=dict(format='soft', vocabulary=vocabulary),
        group_size=2,  # questions of an image
        data_root=data_root,
        ann_file='annotations/train.jsonl',
        data_prefix=dict(img='images'),
        media_suffix='.jpg',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='VideoQuestionAnswering',
        answers=dict(format='soft', vocabulary=vocabulary),
        data_root=data_root,
        ann_file='annotations/val.jsonl',
        data_prefix=dict(img='images'),
        media_suffix='.jpg',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='VQAMetric', bad_videos='raise')
test_evaluator = val_evaluator
