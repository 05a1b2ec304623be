# ClipBERT as published: grid-feats-vqa ResNet-50, BERT-base, log-sum-exp.
# Paper section "Model Architecture"; reference: base_model.json at a118b02.
model = dict(
    type='ClipBERT',
    data_preprocessor=dict(
        type='VideoTextDataPreprocessor',
        mean=[103.53, 116.28, 123.675],  # BGR
        std=[1.0, 1.0, 1.0],
        bgr=True,
    ),
    backbone=dict(
        type='ResNet50Grid',
        freeze_at=2,  # stem and res2
        with_cp=False,  # True: recompute activations, less memory
        # Start of the backbone: grid-feats-vqa R-50, converted with
        # `python tools/convert_weights.py detectron2 SOURCE TARGET`, or an
        # ImageNet ResNet-50 with `... resnet SOURCE TARGET`, by
        # `--cfg-options cnn_checkpoint=TARGET`. To start at random pass
        # `--cfg-options model.backbone.init_cfg=None`.
        init_cfg=dict(
            type='Pretrained',
            checkpoint='checkpoints/grid-feats_r50.pth',
            prefix='backbone',
        ),
    ),
    neck=dict(
        type='GridEncoder',
        in_channels=2048,
        out_channels=768,
        temporal_fusion='mean',
    ),
    head=dict(
        type='BertCrossModalHead',
        # A Hugging Face BERT: a hub name, or a folder with config.json,
        # vocab.txt and the weights. An existing folder ./bert-base-uncased
        # comes before the hub. Another one: `--cfg-options bert=FOLDER
        # tokenizer=FOLDER`.
        bert='bert-base-uncased',
        tokenizer='bert-base-uncased',
        num_classes=2,
        with_cp=False,
    ),
    consensus=dict(type='ConsensusAggregator', aggregation='lse'),
    task=dict(type='RetrievalTask', loss_type='ce'),
    token_budget=65536,  # tokens of the pairs scored at a time, in testing
)
