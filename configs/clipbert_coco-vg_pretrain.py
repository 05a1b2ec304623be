# ClipBERT, image-text pretraining on COCO and Visual Genome captions: masked
# language modelling and image-text matching, 100 random cells of the grid.
#
#     tools/dist_train.sh configs/clipbert_coco-vg_pretrain.py 8
#     tools/dist_test.sh configs/clipbert_coco-vg_pretrain.py CHECKPOINT 8
#
# To fine-tune from its checkpoint, set `load_from` of another config. The log
# lists the heads that do not fit; they start from scratch.
#
# clipbert_r50-grid_8xb32x2-2c-40e_coco-vg-pretrain
#
# Total batch: 8 GPUs x 32 images x 2 accumulated = 512 images of 2 captions,
# as in the reference. It sums the 2 gradients and clips the sum at 5; MMEngine
# averages them, and the mean is clipped at 5 / 2.
#
# The paper has no result of its own for pretraining. Not measured here.
_base_ = [
    '_base_/models/clipbert_r50-grid.py',
    '_base_/datasets/coco-vg_pretrain.py',
    '_base_/schedules/adamw_linear_20e.py',
    '_base_/default_runtime.py',
]

settings = dict(max_epochs=40)

model = dict(
    # The MLM layers of the task start at random. BERT's own are converted with
    # `convert_weights.py bert --heads pretrain` and loaded by init_cfg of the
    # task.
    head=dict(classifier='linear', num_classes=2, num_sampled_cells=100),
    consensus=dict(aggregation='mean'),  # an image is a single clip
    task=dict(_delete_=True, type='PretrainTask', bert='bert-base-uncased'),
)

optim_wrapper = dict(accumulative_counts=2, clip_grad=dict(max_norm=5.0 / 2))
auto_scale_lr = dict(base_batch_size=256)  # of one iteration, 8 x 32
default_hooks = dict(checkpoint=dict(save_best='itm_acc', rule='greater'))
