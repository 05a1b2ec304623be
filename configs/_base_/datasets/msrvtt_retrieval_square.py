# MSR-VTT text-to-video retrieval for image-text models, which read squares: as
# in the image processor of BLIP, frames lose their aspect ratio. A config of
# another model changes it by the settings img_size and fit.
_base_ = ['msrvtt_retrieval.py']

tokenizer = 'Salesforce/blip-itm-base-coco'
num_train_clips = 4
num_test_clips = 8
clip_len = 1
img_size = 384
max_txt_len = 35

tokenize = dict(
    type='TransformersTokenize',
    tokenizer=tokenizer,
    max_txt_len=max_txt_len,
)
square = [
    dict(type='DecordDecode'),
    dict(type='ResizeSquare', size=img_size, fit='stretch'),
    dict(type='FormatClips'),
]
train_pipeline = [
    dict(type='LoadVideo'),
    dict(
        type='SparseClipSampler',
        mode='random',
        num_clips=num_train_clips,
        clip_len=clip_len,
        target_fps=2,
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
        num_clips=num_test_clips,
        clip_len=clip_len,
        target_fps=2,
    ),
    *square,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs',),
        algorithm_keys=('own_text_inds', 'own_text_ids'),
        meta_keys=('video_id', 'filename'),
    ),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(tokenize=tokenize, pipeline=test_pipeline))
test_dataloader = val_dataloader
