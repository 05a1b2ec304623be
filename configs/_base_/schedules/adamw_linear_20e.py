# AdamW, linear warm-up over a tenth of the run, linear decay to 0, 20 epochs.
# Reference: released configs at a118b02, section "Implementation Details".
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    # The tools take fp16 with loss scaling on GPUs without bf16, and float32
    # without a GPU.
    type='AmpOptimWrapper',
    dtype='bfloat16',
    loss_scale=1.0,
    constructor='ClipBERTOptimWrapperConstructor',
    optimizer=dict(
        type='AdamW',
        lr=5e-5,  # for a total batch of 64 videos
        betas=(0.9, 0.98),
        eps=1e-6,
        weight_decay=1e-3,
        fused=True,
    ),  # one kernel, on CPUs too
    paramwise_cfg=dict(cnn_lr_mult=1.0, bert_lr_mult=1.0),
    clip_grad=dict(max_norm=5.0),
    accumulative_counts=1,
)
param_scheduler = dict(
    type='WarmupLinearLR',
    end=20,
    warmup_ratio=0.1,
    by_epoch=True,
    convert_to_iter_based=True,
)

# Videos of all GPUs in one update, for --auto-scale-lr.
auto_scale_lr = dict(enable=False, base_batch_size=64)
