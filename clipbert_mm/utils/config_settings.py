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

import copy
import os.path as osp
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

SPLITS = ('train', 'val', 'test')
_READ = ('model', 'optim_wrapper', 'param_scheduler', 'train_cfg')


class Place(NamedTuple):
    """A member of a config: the dict that holds it, its key and its path."""

    owner: dict
    key: str
    path: str

    @property
    def value(self) -> Any:
        """Value of the member, None where it is left out."""
        return self.owner.get(self.key)

    @property
    def counts(self) -> bool:
        """Whether the runner reads it; else it is in a variable of a file."""
        root = self.path.partition('.')[0]
        return root.endswith('_dataloader') or root in _READ


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


def apply_setting(cfg: dict, name: str, value: Any) -> None:
    """Write the value of a setting to every place where it acts.

    Args:
        cfg (dict): Config of the runner; it is changed.
        name (str): Name of the setting.
        value (Any): Its value.

    Raises:
        ValueError: If there is no such setting, or no place in this config.

    Example:
        >>> cfg = dict(train_dataloader=dict(dataset=dict(pipeline=[
        ...     dict(type='PadFrames', size=448)])))
        >>> apply_setting(cfg, 'img_size', 224)
        >>> cfg['train_dataloader']['dataset']['pipeline'][0]['size']
        224
    """
    if name not in SETTINGS:
        raise ValueError(
            f'settings must be among {sorted(SETTINGS)}, but got {name!r}.'
        )
    setting = SETTINGS[name]
    places = setting.find(cfg)
    if not any(place.counts for place in places):
        raise ValueError(
            f'{name}={value!r} would change nothing: {name} sets '
            f'{setting.acts_on}, and this config has none.'
        )
    if setting.assign is not None:
        setting.assign(cfg, value)
        return
    for place in places:
        place.owner[place.key] = value


def apply_settings(cfg: dict, given: Mapping[str, Any]) -> None:
    """Apply settings to a config, in the order of :data:`SETTINGS`.

    Args:
        cfg (dict): Config of the runner; it is changed.
        given (Mapping[str, Any]): Value of each setting by its name.

    Raises:
        ValueError: If a setting is unknown or acts nowhere.

    Example:
        >>> cfg = dict(val_dataloader=dict(num_workers=4))
        >>> apply_settings(cfg, dict(num_workers=0))
        >>> cfg
        {'val_dataloader': {'num_workers': 0}}
    """
    for key in cfg:  # no two parts may share a dict
        cfg[key] = copy.deepcopy(cfg[key])
    known = list(SETTINGS)
    for name in sorted(given, key=lambda n: n in known and known.index(n)):
        apply_setting(cfg, name, given[name])
        if name in cfg:
            cfg[name] = given[name]


def drop_variables(cfg: dict) -> None:
    """Remove the variables that have the name of a setting.

    Args:
        cfg (dict): Config as read from its files; it is changed.

    Raises:
        ValueError: If a variable was changed without effect.

    Example:
        >>> cfg = dict(num_workers=4, val_dataloader=dict(num_workers=4))
        >>> drop_variables(cfg)
        >>> cfg
        {'val_dataloader': {'num_workers': 4}}
    """
    for name in SETTINGS.keys() & cfg.keys():
        _check_variable(cfg, name)
    for name in SETTINGS.keys() & cfg.keys():
        del cfg[name]


def allow_no_workers(cfg: dict) -> None:
    """Drop the options that need workers from data loaders without workers.

    PyTorch refuses ``persistent_workers`` and ``prefetch_factor`` with
    ``num_workers=0``.

    Args:
        cfg (dict): Config of the runner; it is changed.

    Example:
        >>> cfg = dict(val_dataloader=dict(num_workers=0,
        ...                                persistent_workers=True))
        >>> allow_no_workers(cfg)
        >>> cfg
        {'val_dataloader': {'num_workers': 0}}
    """
    for split in SPLITS:
        loader = cfg.get(f'{split}_dataloader')
        if isinstance(loader, dict) and loader.get('num_workers') == 0:
            loader.pop('persistent_workers', None)
            loader.pop('prefetch_factor', None)


def walk(value: Any, path: str = '') -> Iterator[tuple[str, Any]]:
    """Yield every member of nested dicts, lists and tuples with its path.

    Args:
        value (Any): The container.
        path (str): Path of the container itself. Defaults to ``''``.

    Yields:
        tuple[str, Any]: Dotted path, as ``--cfg-options`` takes it, and
        member.

    Example:
        >>> list(walk(dict(a=[dict(b=1)])))[-1]
        ('a.0.b', 1)
    """
    if path:
        yield path, value
    members: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(value, dict):
        members = iter(value.items())
    elif isinstance(value, (list, tuple)):
        members = enumerate(value)
    for key, member in members:
        yield from walk(member, f'{path}.{key}' if path else str(key))


def _check_variable(cfg: dict, name: str) -> None:
    """Raise if a variable has a value that is found at none of its places."""
    places = [p for p in SETTINGS[name].find(cfg) if p.counts]
    value = cfg[name]
    if not places or any(place.value == value for place in places):
        return
    raise ValueError(
        f'{name} = {value!r} at the top level of the config changes nothing: '
        f'{places[0].path} is {places[0].value!r}. Write '
        f'settings = dict({name}={value!r}) to set {SETTINGS[name].acts_on}, '
        f'or {name} = {places[0].value!r} if the other value is meant.'
    )


def _of_types(
    key: str,
    types: Sequence[str],
    splits: Sequence[str] = SPLITS,
    needs_key: bool = False,
) -> Callable[[dict], list[Place]]:
    """Return a function that finds a key of transforms.

    It looks into the data loaders and into variables such as
    ``train_pipeline``, which files that inherit may use.
    """
    others = tuple(f'{split}_' for split in SPLITS if split not in splits)

    def find(cfg: dict) -> list[Place]:
        return [
            Place(member, key, f'{path}.{key}')
            for path, member in walk(cfg)
            if not path.startswith(others)
            and isinstance(member, dict)
            and _type_name(member) in types
            and (not needs_key or member.get(key) is not None)
        ]

    return find


def _type_name(member: dict) -> str:
    """Return the class name in ``type``, without its scope."""
    kind = member.get('type', '')
    name = kind if isinstance(kind, str) else getattr(kind, '__name__', '')
    return name.rpartition('.')[2]


def _of_paths(*paths: str) -> Callable[[dict], list[Place]]:
    """Return a function that finds the members that exist of some paths."""

    def find(cfg: dict) -> list[Place]:
        found = []
        for path in paths:
            *parents, key = path.split('.')
            owner: Any = cfg
            for parent in parents:
                owner = owner.get(parent) if isinstance(owner, dict) else None
            if isinstance(owner, dict) and key in owner:
                found.append(Place(owner, key, path))
        return found

    return find


def _join(
    *finders: Callable[[dict], list[Place]],
) -> Callable[[dict], list[Place]]:
    """Return a function that finds the places of several functions."""
    return lambda cfg: [place for find in finders for place in find(cfg)]


def _in_loaders(key: str) -> Callable[[dict], list[Place]]:
    """Return a function that finds a key anywhere in the data loaders."""

    def find(cfg: dict) -> list[Place]:
        return [
            Place(member, key, f'{path}.{key}')
            for split in SPLITS
            for path, member in walk(
                cfg.get(f'{split}_dataloader'), f'{split}_dataloader'
            )
            if isinstance(member, dict) and key in member
        ]

    return find


def _set_data_root(cfg: dict, value: str) -> None:
    """Move the datasets, and every file below the old root, to a new one."""
    roots = {place.value for place in _in_loaders('data_root')(cfg)}
    if len(roots) > 1:
        raise ValueError(
            f'data_root={value!r} is ambiguous: the datasets of this config '
            f'have {sorted(roots)}. Set data_root of each dataset, for '
            f'example {_in_loaders("data_root")(cfg)[0].path}.'
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
    places = _in_loaders('vocabulary')(cfg)
    places += _of_paths('model.task.vocabulary')(cfg)
    return [place for place in places if isinstance(place.value, str)]


def _set_vocabulary(cfg: dict, value: str) -> None:
    """Set the file of the datasets, below data_root, and of the task."""
    roots = [place.value for place in _in_loaders('data_root')(cfg)]
    for place in _find_vocabularies(cfg):
        is_task = place.path.startswith('model.')
        root = roots[0] if is_task and roots else ''
        place.owner[place.key] = osp.join(root, value)


def _find_ends(cfg: dict) -> list[Place]:
    """Find the number of epochs and the schedules that end with the last."""
    places = _of_paths('train_cfg.max_epochs')(cfg)
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
        _in_loaders('data_root'),
        _set_data_root,
    ),
    'vocabulary': Setting(
        'vocabulary of datasets and task, a file below data_root',
        _find_vocabularies,
        _set_vocabulary,
    ),
    'tokenizer': Setting(
        'tokenizer of BertTokenize, MaskTokens and model.head',
        _join(
            _of_types('tokenizer', ('BertTokenize', 'MaskTokens')),
            _of_paths('model.head.tokenizer'),
        ),
    ),
    'bert': Setting(
        'bert of model.head and of the pretraining task',
        _of_paths('model.head.bert', 'model.task.bert'),
    ),
    'cnn_checkpoint': Setting(
        'the checkpoint in model.backbone.init_cfg or model.backbone'
        '.pretrained',
        _of_paths(
            'model.backbone.init_cfg.checkpoint', 'model.backbone.pretrained'
        ),
    ),
    'img_size': Setting(
        'size of ResizeLongSide and PadFrames (and decode_size of LoadVideo, '
        'where given)',
        _join(
            _of_types('size', ('ResizeLongSide', 'PadFrames')),
            _of_types('decode_size', ('LoadVideo',), needs_key=True),
        ),
    ),
    'clip_len': Setting(
        'clip_len of SparseClipSampler',
        _of_types('clip_len', ('SparseClipSampler',)),
    ),
    'target_fps': Setting(
        'target_fps of SparseClipSampler',
        _of_types('target_fps', ('SparseClipSampler',)),
    ),
    'num_train_clips': Setting(
        'num_clips of SparseClipSampler in train_dataloader',
        _of_types('num_clips', ('SparseClipSampler',), ('train',)),
    ),
    'num_test_clips': Setting(
        'num_clips of SparseClipSampler in val_dataloader and test_dataloader',
        _of_types('num_clips', ('SparseClipSampler',), ('val', 'test')),
    ),
    'train_clip_mode': Setting(
        'mode of SparseClipSampler in train_dataloader',
        _of_types('mode', ('SparseClipSampler',), ('train',)),
    ),
    'test_clip_mode': Setting(
        'mode of SparseClipSampler in val_dataloader and test_dataloader',
        _of_types('mode', ('SparseClipSampler',), ('val', 'test')),
    ),
    'max_txt_len': Setting(
        'max_txt_len of BertTokenize',
        _of_types('max_txt_len', ('BertTokenize',)),
    ),
    'decoder': Setting(
        'decoder of LoadVideo', _of_types('decoder', ('LoadVideo',))
    ),
    'num_workers': Setting(
        'num_workers of every dataloader',
        _of_paths(*(f'{split}_dataloader.num_workers' for split in SPLITS)),
    ),
    'max_epochs': Setting(
        'train_cfg.max_epochs and the end of param_scheduler', _find_ends
    ),
    'base_lr': Setting(
        'optim_wrapper.optimizer.lr', _of_paths('optim_wrapper.optimizer.lr')
    ),
}
