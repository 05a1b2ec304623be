# ClipBERT, TGIF-QA repetition count: a regression.
#
#     tools/dist_train.sh configs/clipbert_tgif_qa-count.py 8
#     tools/dist_test.sh configs/clipbert_tgif_qa-count.py CHECKPOINT 8
#
# clipbert_r50-grid_8xb8-1x1-15e_tgif-qa-count
#
# Settings of the other TGIF-QA tasks: 768 pixels, rate 5e-5, 8 GPUs x 8
# questions = 64. The paper omits this task.
#
# Not in the paper; not measured here.
_base_ = [
    '_base_/models/clipbert_r50-grid.py',
    '_base_/datasets/tgif_qa.py',
    '_base_/schedules/adamw_linear_20e.py',
    '_base_/default_runtime.py',
]

settings = dict(max_epochs=15)

model = dict(
    head=dict(num_classes=1),
    consensus=dict(aggregation='mean'),
    task=dict(_delete_=True, type='CountTask', min_count=1, max_count=10),
)

# The paper starts from image-text pretraining: name a converted official
# checkpoint or one of clipbert_coco-vg_pretrain.py. With None, training starts
# from BERT and the grid-feats CNN.
load_from = None

answers = dict(format='count')
train_dataloader = dict(
    dataset=dict(ann_file='annotations/count_train.jsonl', answers=answers)
)
val_dataloader = dict(
    dataset=dict(ann_file='annotations/count_val.jsonl', answers=answers)
)
test_dataloader = dict(
    dataset=dict(ann_file='annotations/count_test.jsonl', answers=answers)
)
val_evaluator = dict(_delete_=True, type='CountMetric')
test_evaluator = val_evaluator

default_hooks = dict(checkpoint=dict(save_best='mse', rule='less'))
