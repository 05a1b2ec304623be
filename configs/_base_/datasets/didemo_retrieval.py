# DiDeMo paragraph-to-video retrieval.
# Reference: didemo_ret_base_resnet50.json at a118b02.
data_root = 'data/didemo'
tokenizer = 'bert-base-uncased'  # hub name, or folder with vocab.txt

num_train_clips = 8
num_test_clips = 16
clip_len = 2  # frames of a clip, the paper's T
target_fps = 2  # a clip lasts clip_len / target_fps seconds
img_size = 448
max_txt_len = 100  # tokens, [CLS] and [SEP] counted

tokenize = dict(
    type='BertTokenize', tokenizer=tokenizer, max_txt_len=max_txt_len
)
square = [
    dict(type='DecordDecode'),
    dict(type='ResizeLongSide', size=img_size),
    dict(type='PadFrames', size=img_size),
    dict(type='FormatClips'),
]
train_pipeline = [
    dict(type='LoadVideo'),
    dict(
        type='SparseClipSampler',
        mode='random',
        num_clips=num_train_clips,
        clip_len=clip_len,
        target_fps=target_fps,
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
        target_fps=target_fps,
    ),
    *square,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs',),
        algorithm_keys=('own_text_inds', 'own_text_ids'),
        meta_keys=('video_id', 'filename'),
    ),
]

train_dataloader = dict(
    batch_size=8,  # videos for each GPU
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='EpochSampler', shuffle=True),
    dataset=dict(
        type='VideoTextRetrieval',
        data_root=data_root,
        ann_file='annotations/train.jsonl',
        data_prefix=dict(video='videos'),
        media_suffix=None,  # extensions vary: match the stem
        negatives=dict(number=1),
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
        type='VideoTextRetrieval',
        data_root=data_root,
        ann_file='annotations/val.jsonl',
        data_prefix=dict(video='videos'),
        media_suffix=None,  # extensions vary: match the stem
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
