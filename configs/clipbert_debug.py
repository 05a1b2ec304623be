# A tiny ClipBERT that trains and is tested within a minute on a CPU, to see
# that a change runs. It learns nothing of value.
#
#     python -m clipbert_mm.quickstart.corpus.scene_corpus data/debug \
#         --images 8 --videos 16 --gallery 8
#     python tools/train.py configs/clipbert_debug.py
#     python tools/test.py configs/clipbert_debug.py \
#         work_dirs/clipbert_debug/epoch_2.pth
#
# The first command writes a folder of small videos. A folder of your own, by
# `--cfg-options data_root=FOLDER`, has videos/NAME.mp4 (or another suffix) and
# annotations/videos_train.jsonl and annotations/gallery_test.jsonl with lines
# such as {"clip_name": "NAME", "caption": "a dog runs on sand"}.
#
# Everything else is clipbert_msrvtt_ret.py, so this config shows a change of
# its parts. Nothing comes from the network: the vocabulary consists of
# characters, and all weights are random.
_base_ = ['clipbert_msrvtt_ret.py']

settings = dict(
    data_root='data/debug',
    tokenizer='{{ fileDirname }}/_base_/debug_vocabulary',
    bert=dict(
        vocab_size=109,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    ),
    img_size=64,
    num_train_clips=2,
    num_test_clips=2,
    max_txt_len=64,
    num_workers=0,
    max_epochs=2,
    base_lr=1e-3,
)

model = dict(
    backbone=dict(
        stage_blocks=(1, 1),
        strides=(2, 2),
        base_channels=8,
        freeze_at=0,
        norm='batch',  # frozen norms cannot learn from scratch
        init_cfg=None,
    ),
    neck=dict(in_channels=64, out_channels=32),
)
train_dataloader = dict(
    batch_size=4,
    pin_memory=False,
    dataset=dict(ann_file='annotations/videos_train.jsonl', media_suffix=None),
)
evaluation = dict(
    pin_memory=False,
    dataset=dict(ann_file='annotations/gallery_test.jsonl', media_suffix=None),
)
val_dataloader = evaluation
test_dataloader = evaluation
default_hooks = dict(logger=dict(interval=1))
