# Copyright (c) clipbert_mm contributors.
"""Write the configs of the paper's ablations, Tables 1 to 6.

One config for each row and each of the two tasks of the tables, and a README
that lists them with the paper's figures::

    python tools/make_ablations.py

A row that repeats another (the tables share their baseline) is listed with
the config of the other.
"""

import argparse
from pathlib import Path

from mmengine.config import Config

from .ablation_rows import ROWS, TITLES, Row

FOLDER = Path(__file__).resolve().parents[1] / 'configs' / 'ablations'
PRETRAINED = 'checkpoints/clipbert_pretrained.pth'
TASKS = {'ret': 'MSR-VTT retrieval', 'qa': 'MSRVTT-QA'}
DATASETS = {'ret': 'msrvtt_retrieval', 'qa': 'msrvtt_qa'}

CONFIG = """\
# Table {row.table}, {row.label}: {task}.
#
#     tools/dist_train.sh configs/ablations/{name}.py 8
#
# Paper: {figures}. Not measured here.
# Written by tools/make_ablations.py; see the README beside it.
_base_ = [
    '../_base_/models/clipbert_r50-grid.py',
    '../_base_/datasets/{dataset}.py',
    '../_base_/schedules/adamw_linear_20e.py', '../_base_/default_runtime.py'
]

{overrides}
train_pipeline, test_pipeline = _base_.train_pipeline, _base_.test_pipeline
for transform in train_pipeline + test_pipeline:
    if transform.type == 'SparseClipSampler':
        transform.update(clip_len={row.clip_len}, target_fps={row.clip_len})
    if transform.type in ('ResizeLongSide', 'PadFrames'):
        transform.update(size={row.img_size})
del transform
train_pipeline[1].update(mode='{train_mode}', num_clips={num_train_clips})
test_pipeline[1].update(mode='{test_mode}', num_clips={row.num_test_clips})
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
"""
README = """\
# Ablations of the paper

One config for each row of Tables 1 to 6 of
[ClipBERT](https://arxiv.org/abs/2102.06183), for MSR-VTT retrieval (`_ret`)
and MSRVTT-QA (`_qa`). A row is trained and tested by one command each, for
example the first one:

```bash
tools/dist_train.sh configs/ablations/table1_l224_ret.py 8
tools/dist_test.sh configs/ablations/table1_l224_ret.py CHECKPOINT 8
```

The figures are the **paper's**; none was measured here. Where a table does not
say otherwise a row has one training clip of one frame, one test clip (for
retrieval the "middle" one), frames of 448 pixels, log-sum-exp, and starts from
image-text pretraining. The paper does not state the frames of a clip in Tables
3 and 4: one is taken, because their row of one training clip differs from
Table 1 in the test clips alone. In Table 5 stem and res2 are frozen as in all
rows, also where they are random. In Table 6, F_l is the text embedding; the
transformer trains in every row.

`tools/convert_weights.py` makes the checkpoints:
`checkpoints/clipbert_pretrained.pth` (`official`; a checkpoint of
`clipbert_coco-vg_pretrain.py` does as well), `grid-feats_r50.pth`
(`detectron2`), `imagenet_r50.pth` and `tsn-k700_r50.pth` (`resnet`, the latter
of MMAction2's TSN on Kinetics-700).

Written by `tools/make_ablations.py`.
"""


def main() -> None:
    """Write the family."""
    parser = argparse.ArgumentParser(
        description="Write the configs of the paper's ablations."
    )
    parser.add_argument(
        '--folder', type=Path, default=FOLDER, help='default: %(default)s'
    )
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in family().items():
        (folder / name).write_text(text, encoding='utf-8')


def family() -> dict[str, str]:
    """Names and contents of all files."""
    files = {
        f'{row.name}_{task}.py': config(row, task)
        for row in ROWS
        if row.same_as is None
        for task in TASKS
    }
    return {**files, 'README.md': readme()}


def config(row: Row, task: str) -> str:
    """The config of a row."""
    is_middle = task == 'ret' and row.num_test_clips == 1
    return CONFIG.format(
        row=row,
        task=TASKS[task],
        name=f'{row.name}_{task}',
        figures=figures(row, task),
        dataset=DATASETS[task],
        overrides=Config(overrides(row, task)).pretty_text,
        train_mode=row.train_mode,
        num_train_clips=row.num_train_clips,
        test_mode='middle' if is_middle else 'uniform',
    )


def figures(row: Row, task: str) -> str:
    """What the paper measured, in words."""
    if task == 'qa':
        return f'accuracy {row.qa:.2f}'
    values = zip(('R@1', 'R@5', 'R@10', 'MdR'), _recalls(row))
    return ', '.join(f'{name} {value}' for name, value in values)


def _recalls(row: Row) -> list[str]:
    """R@1, R@5, R@10 and the median rank, as the paper prints them."""
    *recalls, median_rank = row.retrieval
    return [*(f'{value:.1f}' for value in recalls), f'{median_rank:g}']


def overrides(row: Row, task: str) -> dict:
    """What a config changes beside the pipelines."""
    model: dict = dict(
        consensus=dict(aggregation=row.aggregation),
        neck=dict(temporal_fusion=row.temporal_fusion),
    )
    changes: dict = dict(load_from=None, model=model)
    if 'cnn' in row.frozen:
        model['frozen_backbone'] = True
    if 'text' in row.frozen:
        model['head'] = dict(frozen_text=True)
    if row.cnn is not None:
        model['backbone'] = dict(init_cfg=_cnn_start(row.cnn))
    elif row.temporal_fusion == 'mean':
        model['backbone'] = dict(init_cfg=None)
        changes['load_from'] = PRETRAINED
    else:  # by parts: the fusion's own convolution is not in the checkpoint
        for part in ('backbone', 'neck', 'head'):
            model.setdefault(part, {})['init_cfg'] = dict(
                type='Pretrained', checkpoint=PRETRAINED, prefix=part
            )
    if row.bert == 'random':
        model['head'] = dict(bert=dict(_delete_=True, vocab_size=30522))
    metric = 't2v/R1'
    if task == 'qa':
        metric = 'acc'
        model.setdefault('head', {})['num_classes'] = 1500
        model['task'] = dict(
            _delete_=True,
            type='OpenEndedQATask',
            vocabulary='data/msrvtt/annotations/qa_vocabulary.json',
        )
        changes.update(
            train_cfg=dict(max_epochs=10), param_scheduler=dict(end=10)
        )
    changes['default_hooks'] = dict(
        checkpoint=dict(save_best=metric, rule='greater')
    )
    return changes


def _cnn_start(name: str) -> dict | None:
    """The ``init_cfg`` of a CNN that is not ClipBERT's."""
    if name == 'random':
        return None
    return dict(
        type='Pretrained',
        checkpoint=f'checkpoints/{name}.pth',
        prefix='backbone',
    )


def readme() -> str:
    """The README: a table for each of the paper's."""
    lines = [README]
    for table, title in TITLES.items():
        lines += [
            f'## {title}\n',
            '| row | configs | R@1 | R@5 | R@10 | MdR | QA accuracy |',
            '|---|---|---|---|---|---|---|',
        ]
        for row in (r for r in ROWS if r.table == table):
            values = ' | '.join(_recalls(row))
            lines.append(
                f'| {row.label} | `{row.same_as or row.name}_ret.py`,'
                f' `_qa.py` | {values} | {row.qa:.2f} |'
            )
        lines.append('')
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
