# MSRVTT-QA for image-text models, which read squares: frames lose their aspect
# ratio. The answers are those of the model: see vilt_msrvtt_qa_zeroshot.py.
_base_ = ['msrvtt_qa.py']

tokenizer = 'dandelin/vilt-b32-finetuned-vqa'
vocabulary = 'annotations/vilt_vocabulary.json'  # below data_root
num_train_clips = 4
num_test_clips = 8
clip_len = 1
img_size = 384
max_txt_len = 40

square = [
    dict(type='DecordDecode'),
    dict(type='ResizeSquare', size=img_size, fit='stretch'),
    dict(type='FormatClips'),
    dict(
        type='TransformersTokenize',
        tokenizer=tokenizer,
        max_txt_len=max_txt_len,
    ),
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
        target_fps=2,
    ),
    *square,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('answer_labels', 'question_ids', 'answer_types'),
        meta_keys=('video_id', 'filename'),
    ),
]
answers = dict(vocabulary=vocabulary)
train_dataloader = dict(dataset=dict(answers=answers, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(answers=answers, pipeline=test_pipeline))
test_dataloader = val_dataloader
