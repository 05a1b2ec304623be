# Quickstart, choosing among five options, starting from qa_sparse.py: the
# options are read as text, and the clip that matches best counts most.
#
#     tools/quickstart.sh --task mc
_base_ = ['qa_sparse.py']

settings = dict(num_train_clips=2, num_test_clips=8, max_epochs=2)
load_from = None  # set by the quickstart

model = dict(
    head=dict(num_classes=1),
    consensus=dict(aggregation='lse'),
    task=dict(_delete_=True, type='MultipleChoiceTask', num_options=5),
)

answers = dict(format='choice', vocabulary=None)
train_dataloader = dict(
    dataset=dict(
        ann_file='annotations/mc_train.jsonl', answers=answers, group_size=2
    )
)
test_dataloader = dict(
    dataset=dict(ann_file='annotations/mc_test.jsonl', answers=answers)
)
