# MSRVTT-QA: open-ended questions, 1,500 answers.
# Reference: msrvtt_qa_base_resnet50.json at a118b02.
data_root = 'data/msrvtt'
tokenizer = 'bert-base-uncased'  # hub name, or folder with vocab.txt
vocabulary = 'annotations/qa_vocabulary.json'  # below data_root

num_train_clips = 8
num_test_clips = 16
clip_len = 2  # frames of a clip, the paper's T
target_fps = 2  # a clip lasts clip_len / target_fps seconds
img_size = 448
max_txt_len = 100  # tokens, [CLS] and [SEP] counted

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
        answers=dict(format='open', vocabulary=vocabulary),
        data_root=data_root,
        ann_file='annotations/qa_train.jsonl',
        data_prefix=dict(video='videos'),
        media_suffix='.mp4',
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
        answers=dict(format='open', vocabulary=vocabulary),
        data_root=data_root,
        ann_file='annotations/qa_val.jsonl',
        data_prefix=dict(video='videos'),
        media_suffix='.mp4',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    val_dataloader,
    dataset=dict(
        val_dataloader['dataset'], ann_file='annotations/qa_test.jsonl'
    ),
)
val_evaluator = dict(type='VideoQAMetric', bad_videos='raise')
test_evaluator = val_evaluator
