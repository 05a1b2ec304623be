# Runtime of all configs.
custom_imports = dict(imports=['clipbert_mm'], allow_failed_imports=False)
default_scope = 'mmaction'

default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20, ignore_last=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    sync_buffers=dict(type='SyncBuffersHook'),
)
custom_hooks = [
    dict(type='SeedIterationHook'),
    dict(type='TextBankHook'),
    dict(type='BadMediaHook'),
    dict(type='VocabularyHook'),
    dict(type='TextLimitsHook'),
    dict(type='FiniteHook'),
]

env_cfg = dict(
    cudnn_benchmark=True,  # all frames have one size
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
randomness = dict(seed=42)  # reference: base config

log_processor = dict(type='LogProcessor', window_size=20, by_epoch=True)
visualizer = dict(
    type='VideoTextVisualizer',
    vis_backends=[
        dict(type='LocalVisBackend'),
        dict(type='TensorboardVisBackend'),
    ],
)
log_level = 'INFO'
load_from = None
resume = False
