# Quickstart, first half: MLM + ITM on still images, from scratch.
#
#     tools/quickstart.sh
_base_ = ['./_base_.py']

model = dict(
    task=dict(type='PretrainTask', bert=_base_.bert, mlm_on_negatives=False)
)

train_pipeline = [
    dict(type='LoadImageClip'),
    dict(type='ResizeLongSide', size=_base_.img_size),
    dict(type='PadFrames', size=_base_.img_size),
    dict(type='FormatClips'),
    dict(
        type='BertTokenize',
        tokenizer=_base_.tokenizer,
        max_txt_len=_base_.max_txt_len,
    ),
    # BERT masks 15 % of the words. Captions are short here, and five of
    # their words matter.
    dict(type='MaskTokens', tokenizer=_base_.tokenizer, mask_prob=0.25),
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('text_labels', 'mlm_labels'),
        meta_keys=('video_id', 'filename'),
    ),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler', shuffle=True),
    dataset=dict(
        type='ImageTextPretrain',
        data_root=_base_.data_root,
        ann_file='annotations/images_train.jsonl',
        data_prefix=dict(img='images'),
        media_suffix=None,
        group_size=2,
        negatives=dict(
            number=3,
            hard=1,
            source='annotations/images_train_negatives.jsonl',
        ),
        pipeline=train_pipeline,
    ),
)

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=5)
param_scheduler = dict(
    type='WarmupLinearLR',
    end=5,
    by_epoch=True,
    convert_to_iter_based=True,
)

# Testing on images of unseen combinations. Half of the texts belong to another
# image (ITM). The quickstart also tests with negative_prob=0, where the image
# shows every masked word (MLM).
test_dataloader = dict(
    batch_size=16,
    num_workers=1,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='ImageTextPretrain',
        data_root=_base_.data_root,
        ann_file='annotations/images_test.jsonl',
        data_prefix=dict(img='images'),
        media_suffix=None,
        negative_prob=0.5,
        test_mode=True,
        pipeline=train_pipeline,
    ),
)
test_evaluator = dict(type='PretrainMetric')
test_cfg = dict(type='TestLoop')
