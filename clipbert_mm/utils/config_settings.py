# Copyright (c) clipbert_mm contributors.
"""Settings: what people change most in a config, each under one name.

A config is a tree of constructor arguments, and one decision often stands in
several branches: the image size in two transforms of every pipeline, the
tokenizer in the pipelines, the datasets and the head. :data:`SETTINGS` lists
these decisions and the places where each one acts.

On the command line a setting is an option like any other key::

    tools/train.py clipbert_msrvtt_ret --cfg-options img_size=224 clip_len=1

A config file names settings in one dict, and may inherit from any config::

    _base_ = ['clipbert_mm::clipbert_msrvtt_ret.py']
    settings = dict(img_size=224, data_root='/data/msrvtt')

``settings`` of a file is applied after the bases and the keys of this file
have been merged, so a file that inherits can change the result by settings or
by keys. Where both stand on one command line, keys such as
``train_dataloader.dataset.pipeline.2.size`` win, being more specific. The
config that comes out holds neither ``settings`` nor variables of these names
(:mod:`clipbert_mm.host.repairs.config_settings`).

A variable of a file (``img_size = 448``, and below it ``size=img_size``) is
not a setting. MMEngine computes with it before another file can change it, so
a file that inherits and assigns ``img_size = 224`` would change nothing: that
is an error.
"""

import os.path as osp
from collections.abc import Callable
from typing import Any, NamedTuple

from .config_places import (
    SPLITS,
    Place,
    in_loaders,
    join,
    of_paths,
    of_types,
    walk,
)

#: Transforms that tokenise texts.
TOKENIZE = ('BertTokenize', 'TransformersTokenize')


class Setting(NamedTuple):
    """A decision that people change, and where it acts.

    Args:
        acts_on (str): The members that it sets, in words.
        find (Callable): Function from a config to the places of the setting.
        assign (Callable, optional): Function of a config and a value that
            applies the setting. Defaults to None: the value is written to
            every place.
    """

    acts_on: str
    find: Callable[[dict], list[Place]]
    assign: Callable[[dict, Any], None] | None = None


def _set_data_root(cfg: dict, value: str) -> None:
    """Move the datasets, and every file below the old root, to a new one."""
    if not isinstance(value, str) or not value:
        raise ValueError(
            f'data_root must be the path of a folder, but got {value!r:.80}. '
            'A comma in --cfg-options makes a list.'
        )
    roots = {place.value for place in in_loaders('data_root')(cfg)}
    if len(roots) > 1:
        raise ValueError(
            f'data_root={value!r} is ambiguous: the datasets of this config '
            f'have {sorted(roots)}. Set data_root of each dataset, for '
            f'example {in_loaders("data_root")(cfg)[0].path}.'
        )
    (old,) = roots
    for root in ('model', *(f'{split}_dataloader' for split in SPLITS)):
        for _, owner in walk(cfg.get(root), root):
            if not isinstance(owner, dict):
                continue
            for key, member in owner.items():
                if not isinstance(member, str):
                    continue
                if member == old or member.startswith(f'{old}/'):
                    owner[key] = f'{value}{member[len(old) :]}'


def _find_vocabularies(cfg: dict) -> list[Place]:
    """Find the vocabulary files of the datasets and of the task."""
    places = in_loaders('vocabulary')(cfg)
    places += of_paths('model.task.vocabulary')(cfg)
    return [place for place in places if isinstance(place.value, str)]


def _set_vocabulary(cfg: dict, value: str) -> None:
    """Set the file of the datasets, below data_root, and of the task."""
    roots = [place.value for place in in_loaders('data_root')(cfg)]
    for place in _find_vocabularies(cfg):
        is_task = place.path.startswith('model.')
        root = roots[0] if is_task and roots else ''
        place.owner[place.key] = osp.join(root, value)


def _find_ends(cfg: dict) -> list[Place]:
    """Find the number of epochs and the schedules that end with the last."""
    places = of_paths('train_cfg.max_epochs')(cfg)
    if not places:
        return []
    return places + [
        Place(member, 'end', f'{path}.end')
        for path, member in walk(cfg.get('param_scheduler'), 'param_scheduler')
        if isinstance(member, dict) and member.get('end') == places[0].value
    ]


#: Name of each setting: where it acts. Later ones may read earlier ones.
SETTINGS: dict[str, Setting] = {
    'data_root': Setting(
        'data_root of every dataset, and files below it that the model names',
        in_loaders('data_root'),
        _set_data_root,
    ),
    'vocabulary': Setting(
        'vocabulary of datasets and task, a file below data_root',
        _find_vocabularies,
        _set_vocabulary,
    ),
    'tokenizer': Setting(
        'tokenizer of BertTokenize, TransformersTokenize, MaskTokens and '
        'model.head',
        join(
            of_types('tokenizer', (*TOKENIZE, 'MaskTokens')),
            of_paths('model.head.tokenizer'),
        ),
    ),
    'bert': Setting(
        'bert of model.head and of the pretraining task',
        of_paths('model.head.bert', 'model.task.bert'),
    ),
    'pretrained': Setting(
        'model of model.backbone and of model.head, and the tokenizer of '
        'TransformersTokenize',
        join(
            of_paths('model.backbone.model', 'model.head.model'),
            of_types('tokenizer', ('TransformersTokenize',)),
        ),
    ),
    'cnn_checkpoint': Setting(
        'the checkpoint in model.backbone.init_cfg or model.backbone'
        '.pretrained',
        of_paths(
            'model.backbone.init_cfg.checkpoint', 'model.backbone.pretrained'
        ),
    ),
    'img_size': Setting(
        'size of ResizeLongSide, PadFrames and ResizeSquare (and decode_size '
        'of LoadVideo, where given)',
        join(
            of_types('size', ('ResizeLongSide', 'PadFrames', 'ResizeSquare')),
            of_types('decode_size', ('LoadVideo',), needs_key=True),
        ),
    ),
    'fit': Setting('fit of ResizeSquare', of_types('fit', ('ResizeSquare',))),
    'clip_len': Setting(
        'clip_len of SparseClipSampler',
        of_types('clip_len', ('SparseClipSampler',)),
    ),
    'target_fps': Setting(
        'target_fps of SparseClipSampler',
        of_types('target_fps', ('SparseClipSampler',)),
    ),
    'num_train_clips': Setting(
        'num_clips of SparseClipSampler in train_dataloader',
        of_types('num_clips', ('SparseClipSampler',), ('train',)),
    ),
    'num_test_clips': Setting(
        'num_clips of SparseClipSampler in val_dataloader and test_dataloader',
        of_types('num_clips', ('SparseClipSampler',), ('val', 'test')),
    ),
    'train_clip_mode': Setting(
        'mode of SparseClipSampler in train_dataloader',
        of_types('mode', ('SparseClipSampler',), ('train',)),
    ),
    'test_clip_mode': Setting(
        'mode of SparseClipSampler in val_dataloader and test_dataloader',
        of_types('mode', ('SparseClipSampler',), ('val', 'test')),
    ),
    'max_txt_len': Setting(
        'max_txt_len of BertTokenize and TransformersTokenize',
        of_types('max_txt_len', TOKENIZE),
    ),
    'text_padding': Setting(
        'padding of TransformersTokenize',
        of_types('padding', ('TransformersTokenize',)),
    ),
    'decoder': Setting(
        'decoder of LoadVideo', of_types('decoder', ('LoadVideo',))
    ),
    'on_damage': Setting(
        'on_damage of LoadVideo', of_types('on_damage', ('LoadVideo',))
    ),
    'snap_to_keyframes': Setting(
        'snap_to_keyframes of SparseClipSampler and key_frames of LoadVideo',
        join(
            of_types('snap_to_keyframes', ('SparseClipSampler',)),
            of_types('key_frames', ('LoadVideo',)),
        ),
    ),
    'num_workers': Setting(
        'num_workers of every dataloader',
        of_paths(*(f'{split}_dataloader.num_workers' for split in SPLITS)),
    ),
    'max_epochs': Setting(
        'train_cfg.max_epochs and the end of param_scheduler', _find_ends
    ),
    'base_lr': Setting(
        'optim_wrapper.optimizer.lr', of_paths('optim_wrapper.optimizer.lr')
    ),
}
