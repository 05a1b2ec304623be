# Base of all trainings of the quickstart: a small ClipBERT (0.9 million
# weights) that learns from scratch on a CPU in minutes, on the corpora that
# the quickstart writes.
_base_ = ['../_base_/default_runtime.py']

data_root = 'data/quickstart'
tokenizer = data_root + '/tokenizer'
vocab_size = 126  # words of the corpus; set by the quickstart
img_size = 64
max_txt_len = 24

bert = dict(
    vocab_size=vocab_size,
    hidden_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=256,
    max_position_embeddings=64,
    # BERT's 0.02 is made for a width of 768. Here it would shrink the output
    # of a layer to a sixth of its input: 1 / sqrt(64) keeps the scale.
    initializer_range=0.125,
    # From scratch, dropout only delays learning.
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
)
model = dict(
    type='ClipBERT',
    data_preprocessor=dict(
        type='VideoTextDataPreprocessor',
        mean=[110.0] * 3,
        std=[60.0] * 3,
        pad_texts_to=1,  # multiples help GPUs only
    ),
    backbone=dict(
        type='ResNet50Grid',
        stage_blocks=(1, 1, 1),
        strides=(1, 2, 2),
        base_channels=32,
        freeze_at=0,
        norm='batch',  # frozen norms cannot learn from scratch
    ),
    neck=dict(
        type='GridEncoder',
        in_channels=512,
        out_channels=64,
        pool=1,  # keep all 4x4 cells
    ),
    head=dict(
        type='BertCrossModalHead',
        bert=bert,
        tokenizer=tokenizer,
        num_classes=2,
        max_grid_size=8,
    ),
    consensus=dict(type='ConsensusAggregator', aggregation='lse'),
)

optim_wrapper = dict(
    type='OptimWrapper',
    constructor='ClipBERTOptimWrapperConstructor',
    optimizer=dict(
        type='AdamW', lr=2e-3, betas=(0.9, 0.98), weight_decay=1e-3
    ),
    clip_grad=dict(max_norm=5.0),
)

default_hooks = dict(
    logger=dict(interval=25), checkpoint=dict(max_keep_ckpts=1, save_last=True)
)
randomness = dict(seed=0)
