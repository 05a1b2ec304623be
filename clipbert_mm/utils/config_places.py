# Copyright (c) clipbert_mm contributors.
"""Places of a config: members found by type, by path or by key."""

from collections.abc import Callable, Iterator, Sequence
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


def of_types(
    key: str,
    types: Sequence[str],
    splits: Sequence[str] = SPLITS,
    needs_key: bool = False,
) -> Callable[[dict], list[Place]]:
    """Return a function that finds a key of transforms.

    It looks into the data loaders and into variables such as
    ``train_pipeline``, which files that inherit may use.

    Args:
        key (str): Key, which a transform may leave out.
        types (Sequence[str]): Class names of the transforms, without scope.
        splits (Sequence[str]): Splits to look into. Defaults to all.
        needs_key (bool): Whether to pass over transforms without the key.
            Defaults to False.

    Returns:
        Callable[[dict], list[Place]]: Function of a config.

    Example:
        >>> find = of_types('size', ('PadFrames',), ('test',))
        >>> step = dict(type='PadFrames', size=448)
        >>> cfg = dict(train_pipeline=[step], test_pipeline=[step])
        >>> [(place.path, place.value) for place in find(cfg)]
        [('test_pipeline.0.size', 448)]
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


def of_paths(*paths: str) -> Callable[[dict], list[Place]]:
    """Return a function that finds the existing members among some paths.

    Args:
        *paths (str): Dotted paths through dicts.

    Returns:
        Callable[[dict], list[Place]]: Function of a config.

    Example:
        >>> find = of_paths('model.head.bert', 'model.task.bert')
        >>> find(dict(model=dict(head=dict(bert='b'), task={})))[0].path
        'model.head.bert'
    """

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


def join(
    *finders: Callable[[dict], list[Place]],
) -> Callable[[dict], list[Place]]:
    """Return a function that finds the places of several functions.

    Args:
        *finders (Callable[[dict], list[Place]]): The functions, in order.

    Returns:
        Callable[[dict], list[Place]]: Function of a config.
    """
    return lambda cfg: [place for find in finders for place in find(cfg)]


def in_loaders(key: str) -> Callable[[dict], list[Place]]:
    """Return a function that finds a key anywhere in the data loaders.

    Args:
        key (str): Key of a dict at any depth.

    Returns:
        Callable[[dict], list[Place]]: Function of a config.

    Example:
        >>> cfg = dict(val_dataloader=dict(dataset=dict(data_root='d')))
        >>> in_loaders('data_root')(cfg)[0].path
        'val_dataloader.dataset.data_root'
    """

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
