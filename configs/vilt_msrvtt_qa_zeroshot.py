# ViLT's answers on sparse clips, MSRVTT-QA.
#
#     tools/dist_test.sh configs/vilt_msrvtt_qa_zeroshot.py none 8
#
# The model has seen no video and chooses from the 3,129 answers of VQA 2.0;
# other answers of MSRVTT-QA count as wrong. `vocabulary` is the config.json of
# the model, which lists them, or {"answer": label}: copy it below data_root.
# Not measured here.
_base_ = [
    '_base_/datasets/msrvtt_qa_square.py',
    '_base_/schedules/adamw_linear_20e.py',
    '_base_/default_runtime.py',
]

model = dict(
    type='ClipBERT',
    data_preprocessor=dict(
        type='VideoTextDataPreprocessor',
        mean=[127.5, 127.5, 127.5],  # RGB
        std=[127.5, 127.5, 127.5],
        bgr=False,
    ),
    backbone=dict(type='ViltPatches', model='dandelin/vilt-b32-finetuned-vqa'),
    neck=dict(type='TokenFusion', out_channels=768, temporal_fusion='mean'),
    head=dict(
        type='ViltHead',
        model='dandelin/vilt-b32-finetuned-vqa',
        use='answering',
    ),
    consensus=dict(type='ConsensusAggregator', aggregation='mean'),
    task=dict(
        type='OpenEndedQATask',
        vocabulary=_base_.data_root + '/' + _base_.vocabulary,
    ),
)
default_hooks = dict(checkpoint=dict(save_best='acc', rule='greater'))
