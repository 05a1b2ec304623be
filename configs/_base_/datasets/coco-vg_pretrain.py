# COCO and Visual Genome captions, mixed in one file, for image-text
# pretraining. Reference: pretrain_image_text_base_resnet50_mlm_itm.json at
# a118b02.
data_root = 'data/coco_vg'
tokenizer = 'bert-base-uncased'  # hub name, or folder with vocab.txt

img_size = 768
max_txt_len = 30  # tokens, [CLS] and [SEP] counted
group_size = 2  # captions of an image

train_pipeline = [
    dict(type='LoadImageClip'),
    dict(type='ResizeLongSide', size=img_size),
    dict(type='PadFrames', size=img_size),
    dict(type='FormatClips'),
    dict(type='BertTokenize', tokenizer=tokenizer, max_txt_len=max_txt_len),
    # mask_special_tokens=True is the reference's form.
    dict(type='MaskTokens', tokenizer=tokenizer, mask_prob=0.15),
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('text_labels', 'mlm_labels'),
        meta_keys=('video_id', 'filename'),
    ),
]
test_pipeline = train_pipeline

train_dataloader = dict(
    batch_size=32,  # images for each GPU
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='EpochSampler', shuffle=True),
    dataset=dict(
        type='ImageTextPretrain',
        data_root=data_root,
        ann_file='annotations/train.jsonl',
        data_prefix=dict(img='images'),
        media_suffix='.jpg',
        allow_outside=True,  # the images are links, see docs/data/coco_vg.md
        group_size=group_size,
        negative_prob=0.5,
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
        type='ImageTextPretrain',
        data_root=data_root,
        ann_file='annotations/val.jsonl',
        data_prefix=dict(img='images'),
        media_suffix='.jpg',
        allow_outside=True,  # the images are links, see docs/data/coco_vg.md
        negative_prob=0.5,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='PretrainMetric')
test_evaluator = val_evaluator
