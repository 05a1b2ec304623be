# ClipBERT in small with real weights, text-to-video retrieval of animated
# emoji: MobileNetV2 of ImageNet and MiniLM-L6, a BERT of 6 layers.
#
#     python tools/train.py configs/clipbert_emoji_ret.py
#     python tools/test.py configs/clipbert_emoji_ret.py CHECKPOINT
#
# docs/data/emoji.md says where data and weights come from: all of it is in
# package registries. The test split is `seen`; pass `--cfg-options
# test_dataloader.dataset.ann_file=annotations/unseen_combinations.jsonl` for
# another one.
#
# One process on a CPU, 8 animations a step. Measured on 60 emoji and on all,
# with and without pretraining on stills (clipbert_emoji_pretrain.py), for
# sampling and aggregation too: docs/real_data.md.
_base_ = ['clipbert_msrvtt_ret_mobilenetv2.py']

settings = dict(
    data_root='data/emoji',
    bert='checkpoints/minilm-l6',
    tokenizer='checkpoints/minilm-l6',
    img_size=64,  # 2x2 cells
    num_train_clips=1,
    num_test_clips=1,
    clip_len=1,
    max_txt_len=16,
    num_workers=0,
    max_epochs=40,
    base_lr=5e-5,
)

model = dict(
    data_preprocessor=dict(pad_texts_to=1),  # multiples help GPUs only
    backbone=dict(frozen_stages=4),  # up to 64 channels
    neck=dict(out_channels=384, pool=1),  # keep all cells
    head=dict(frozen_text=True),  # words that are not trained keep their place
)

optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    constructor='ClipBERTOptimWrapperConstructor',
    optimizer=dict(
        type='AdamW',
        lr=5e-5,
        betas=(0.9, 0.98),
        weight_decay=1e-3,
        fused=True,  # a tenth less time for a step
    ),
    paramwise_cfg=dict(  # these start at random
        prefix_lr_mult={
            'neck.': 10.0,
            'head.grid_embedding.': 10.0,
            'head.classifier.': 10.0,
        }
    ),
    clip_grad=dict(max_norm=5.0),
)
auto_scale_lr = dict(base_batch_size=8)

train_dataloader = dict(
    batch_size=8,
    pin_memory=False,
    persistent_workers=False,
    dataset=dict(
        ann_file='annotations/train.jsonl',
        negatives=dict(number=2, hard=1),
    ),
)
evaluation = dict(
    pin_memory=False,
    persistent_workers=False,
    dataset=dict(ann_file='annotations/seen.jsonl'),
)
val_dataloader = evaluation
test_dataloader = evaluation
train_cfg = dict(val_interval=20)  # all pairs take longer than an epoch
default_hooks = dict(
    logger=dict(interval=10), checkpoint=dict(interval=10, max_keep_ckpts=1)
)
