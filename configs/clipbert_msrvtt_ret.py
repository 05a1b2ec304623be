# ClipBERT, MSR-VTT text-to-video retrieval.
#
#     tools/dist_train.sh configs/clipbert_msrvtt_ret.py 8
#     tools/dist_test.sh configs/clipbert_msrvtt_ret.py CHECKPOINT 8
#
# clipbert_r50-grid_8xb8-8x2-20e_msrvtt-ret
#
# Total batch: 8 GPUs x 8 videos = 64, the batch of the reference's launch
# (4 GPUs x 16), so its rate of 5e-5 applies unchanged. With another number of
# GPUs or videos pass --auto-scale-lr, which scales the rate linearly with the
# total batch.
#
# Paper (7k training videos, 1K-A test, from image-text pretraining), 8x2:
# R@1 22.0, R@5 46.8, R@10 59.9, MdR 6. Not measured here.
_base_ = [
    '_base_/models/clipbert_r50-grid.py',
    '_base_/datasets/msrvtt_retrieval.py',
    '_base_/schedules/adamw_linear_20e.py',
    '_base_/default_runtime.py',
]

# The paper starts from image-text pretraining. Convert an official checkpoint
# with `python tools/convert_weights.py official SOURCE TARGET` and name it
# here. With None, training starts from BERT and the grid-feats CNN.
load_from = None

default_hooks = dict(checkpoint=dict(save_best='t2v/R1', rule='greater'))
