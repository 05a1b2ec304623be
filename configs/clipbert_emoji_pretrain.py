# ClipBERT in small with real weights, image-text pretraining on stills of
# emoji by two other designers: masked language modelling and matching.
#
#     python tools/train.py configs/clipbert_emoji_pretrain.py
#     python tools/train.py configs/clipbert_emoji_ret.py --cfg-options \
#         load_from=work_dirs/clipbert_emoji_pretrain/epoch_2.pth
#
# The network is that of clipbert_emoji_ret.py. Stills of emoji and skin tones
# that it is tested on are kept for the test. docs/real_data.md compares starts
# from here with others from MobileNetV2 and MiniLM alone.
_base_ = ['clipbert_emoji_ret.py']

settings = dict(max_epochs=2)

tokenizer = 'checkpoints/minilm-l6'
max_txt_len = 16  # tokens, [CLS] and [SEP] counted
img_size = 64

model = dict(
    consensus=dict(aggregation='mean'),  # an image is a single clip
    task=dict(_delete_=True, type='PretrainTask', bert=tokenizer),
)

image = [
    dict(type='LoadImageClip', background=(255, 255, 255)),
    dict(type='ResizeLongSide', size=img_size),
    dict(type='PadFrames', size=img_size),
    dict(type='FormatClips'),
    dict(type='BertTokenize', tokenizer=tokenizer, max_txt_len=max_txt_len),
    dict(type='MaskTokens', tokenizer=tokenizer, mask_prob=0.15),
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('text_labels', 'mlm_labels'),
        meta_keys=('video_id', 'filename'),
    ),
]
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        _delete_=True,
        type='ImageTextPretrain',
        data_root='data/emoji',
        ann_file='annotations/stills_train.jsonl',
        data_prefix=dict(img='stills'),
        media_suffix='.png',
        negatives=dict(number=1),
        pipeline=image,
    ),
)
evaluation = dict(
    batch_size=16,
    dataset=dict(
        _delete_=True,
        type='ImageTextPretrain',
        data_root='data/emoji',
        ann_file='annotations/stills_test.jsonl',
        data_prefix=dict(img='stills'),
        media_suffix='.png',
        negative_prob=0.5,
        test_mode=True,
        pipeline=image,
    ),
)
val_dataloader = evaluation
test_dataloader = evaluation
val_evaluator = dict(_delete_=True, type='PretrainMetric')
test_evaluator = val_evaluator
train_cfg = dict(val_interval=1)
auto_scale_lr = dict(base_batch_size=16)
default_hooks = dict(checkpoint=dict(save_best='itm_acc', rule='greater'))
