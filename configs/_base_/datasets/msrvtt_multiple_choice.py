# MSR-VTT multiple choice: one of five captions describes the video. Test only.
# Reference: msrvtt_mc of the README at a118b02.
data_root = 'data/msrvtt'
tokenizer = 'bert-base-uncased'  # hub name, or folder with vocab.txt

num_test_clips = 16
clip_len = 2  # frames of a clip, the paper's T
target_fps = 2  # a clip lasts clip_len / target_fps seconds
img_size = 448
max_txt_len = 20  # tokens, [CLS] and [SEP] counted

test_pipeline = [
    dict(type='LoadVideo'),
    dict(
        type='SparseClipSampler',
        mode='uniform',
        num_clips=num_test_clips,
        clip_len=clip_len,
        target_fps=target_fps,
    ),
    dict(type='DecordDecode'),
    dict(type='ResizeLongSide', size=img_size),
    dict(type='PadFrames', size=img_size),
    dict(type='FormatClips'),
    dict(type='BertTokenize', tokenizer=tokenizer, max_txt_len=max_txt_len),
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('answer_labels', 'question_ids', 'answer_types'),
        meta_keys=('video_id', 'filename'),
    ),
]

test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='VideoQuestionAnswering',
        answers=dict(format='choice', num_options=5),
        data_root=data_root,
        ann_file='annotations/mc_test.jsonl',
        data_prefix=dict(video='videos'),
        media_suffix='.mp4',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_evaluator = dict(type='VideoQAMetric', bad_videos='raise')
test_cfg = dict(type='TestLoop')
