# The four tasks of TGIF-QA. Each config names its annotation files and the
# format of its answers; videos, frames and texts are shared.
# Reference: tgif_qa_*_base_resnet50.json at a118b02.
data_root = 'data/tgif_qa'
tokenizer = 'bert-base-uncased'  # hub name, or folder with vocab.txt

num_train_clips = 1
num_test_clips = 1
clip_len = 1  # frames of a clip, the paper's T
target_fps = 1  # a clip lasts clip_len / target_fps seconds
img_size = 768  # the paper states 448
max_txt_len = 25  # tokens, [CLS] and [SEP] counted

square = [
    dict(type='DecordDecode'),
    dict(type='ResizeLongSide', size=img_size),
    dict(type='PadFrames', size=img_size),
    dict(type='FormatClips'),
]
tokenize = dict(
    type='BertTokenize', tokenizer=tokenizer, max_txt_len=max_txt_len
)
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
        algorithm_keys=('answer_labels',),
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
    tokenize,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('answer_labels', 'question_ids', 'answer_types'),
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
        type='VideoQuestionAnswering',
        data_root=data_root,
        data_prefix=dict(video='gifs'),
        media_suffix=None,  # .gif, or .mp4 after tools/data/compress.py
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
        data_root=data_root,
        data_prefix=dict(video='gifs'),
        media_suffix=None,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='VideoQAMetric', bad_videos='raise')
test_evaluator = val_evaluator
