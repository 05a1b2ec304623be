# Flickr30k image-text retrieval for image-text models, which read squares:
# five captions for each image, Karpathy's splits. COCO has the same form.
data_root = 'data/flickr30k'
tokenizer = 'Salesforce/blip-itm-base-coco'
img_size = 384
max_txt_len = 35

tokenize = dict(
    type='TransformersTokenize',
    tokenizer=tokenizer,
    max_txt_len=max_txt_len,
)
square = [
    dict(type='LoadImageClip'),
    dict(type='ResizeSquare', size=img_size, fit='stretch'),
    dict(type='FormatClips'),
]
train_pipeline = [
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
    *square,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs',),
        algorithm_keys=('own_text_inds', 'own_text_ids'),
        meta_keys=('video_id', 'filename'),
    ),
]
train_dataloader = dict(
    batch_size=8,  # images for each GPU
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='EpochSampler', shuffle=True),
    dataset=dict(
        type='ImageTextRetrieval',
        data_root=data_root,
        ann_file='annotations/train.jsonl',
        data_prefix=dict(img='images'),
        media_suffix='.jpg',
        negatives=dict(number=1),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='ImageTextRetrieval',
        data_root=data_root,
        ann_file='annotations/val.jsonl',
        data_prefix=dict(img='images'),
        media_suffix='.jpg',
        test_mode=True,
        tokenize=tokenize,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    val_dataloader,
    dataset=dict(val_dataloader['dataset'], ann_file='annotations/test.jsonl'),
)
val_evaluator = dict(type='VideoTextRetrievalMetric', bad_videos='raise')
test_evaluator = val_evaluator
