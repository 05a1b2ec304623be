# CLIP's similarity: a clip is the mean vector of its frames, and the scores of
# the clips are averaged.
model = dict(
    type='ClipBERT',
    data_preprocessor=dict(
        type='VideoTextDataPreprocessor',
        mean=[122.771, 116.746, 104.094],  # RGB
        std=[68.501, 66.632, 70.323],
        bgr=False,
    ),
    backbone=dict(
        type='TransformersVision',
        model='openai/clip-vit-base-patch32',
        output='pooled',
    ),
    neck=dict(type='TokenFusion', out_channels=768, temporal_fusion='mean'),
    head=dict(type='DualEncoderHead', model='openai/clip-vit-base-patch32'),
    consensus=dict(type='ConsensusAggregator', aggregation='mean'),
    task=dict(type='RetrievalTask', loss_type='rank'),
)
