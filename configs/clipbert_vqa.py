# ClipBERT, VQA 2.0: an image is one clip of one frame.
#
#     tools/dist_train.sh configs/clipbert_vqa.py 8
#     tools/dist_test.sh configs/clipbert_vqa.py CHECKPOINT 8
#
# The result file for the test server, whose questions have no answers:
#
#     tools/dist_test.sh configs/clipbert_vqa_test.py CHECKPOINT 8 \
#         --out result.json
#
# clipbert_r50-grid_8xb16-2q-5e_vqa
#
# Total batch: 8 GPUs x 16 images x 2 questions. The reference's config has 32
# images for each GPU; its launch is stated for MSR-VTT alone, with 4 GPUs,
# which gives the same 128 images at its rate of 1e-4.
#
# The paper has no result on VQA. Not measured here.
_base_ = [
    '_base_/models/clipbert_r50-grid.py',
    '_base_/datasets/vqa.py',
    '_base_/schedules/adamw_linear_20e.py',
    '_base_/default_runtime.py',
]

settings = dict(
    max_epochs=5,
    base_lr=1e-4,  # for a total batch of 128 images
)

model = dict(
    head=dict(num_classes=3129),
    consensus=dict(aggregation='mean'),
    task=dict(
        _delete_=True,
        type='VQATask',
        vocabulary=_base_.data_root + '/' + _base_.vocabulary,
    ),
)

# The reference starts from image-text pretraining: name a converted official
# checkpoint or one of clipbert_coco-vg_pretrain.py. With None, training starts
# from BERT and the grid-feats CNN.
load_from = None

optim_wrapper = dict(clip_grad=dict(max_norm=2.0))
auto_scale_lr = dict(base_batch_size=128)
default_hooks = dict(checkpoint=dict(save_best='acc', rule='greater'))
