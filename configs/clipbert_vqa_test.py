# ClipBERT, VQA 2.0: the result file for the test server.
#
#     tools/dist_test.sh configs/clipbert_vqa_test.py CHECKPOINT 8 \
#         --out result.json
#
# The questions of test (or test-dev, by
# `--cfg-options test_dataloader.dataset.ann_file=annotations/test-dev.jsonl`)
# have no answers. CHECKPOINT comes from clipbert_vqa.py.
_base_ = ['./clipbert_vqa.py']

test_pipeline = [
    *_base_.image,
    dict(
        type='PackActionInputs',
        collect_keys=('imgs', 'input_ids', 'attention_mask'),
        algorithm_keys=('question_ids', 'answer_types'),
        meta_keys=('video_id', 'filename'),
    ),
]
test_dataloader = dict(
    dataset=dict(ann_file='annotations/test.jsonl', pipeline=test_pipeline)
)
