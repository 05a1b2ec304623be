# Copyright (c) clipbert_mm contributors.
"""Check that the settings of a stranger's model can only build a model.

MMEngine imports and calls whatever a ``type`` names, ``os.system`` included,
and imports what ``_scope_`` names. The settings of an exported model may name
registered classes alone, no file outside their folder and no address.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mmaction.registry import MODELS, TRANSFORMS
from mmengine.registry import WEIGHT_INITIALIZERS, Registry

from clipbert_mm.models.pretrained_parts import check_options

from .model_directory import BERT_OPTIONS

#: Prefixes of a type that name a registry of the host.
SCOPES = ('mmaction', 'mmengine')

#: Members of a model that name files, which an exported model has none of.
_OF_FILES = ('checkpoint', 'pretrained', 'load_from', 'pretrain_path')

#: Options of transforms that say where files are read from.
BACKEND_OPTIONS = ('io_backend', 'db_path', 'backend_args')

_HUB_NAME = re.compile(r'[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?')
_DRIVE = re.compile(r'[A-Za-z]:[\\/]')
_PLAIN = (str, bool, int, float, type(None))


class UnsafeSettingsError(ValueError):
    """Settings that could do more than build a model."""


def check_settings(settings: Mapping[str, Any], tokenizer_folder: str) -> None:
    """Raise unless settings only name registered classes and plain values.

    Args:
        settings (Mapping[str, Any]): ``model`` and ``test_dataloader`` of a
            config.
        tokenizer_folder (str): Name of the folder that ``tokenizer`` may
            name; else it is a name of the hub.

    Raises:
        UnsafeSettingsError: If a member names something else.

    Example:
        >>> check_settings(dict(model=dict(type='os.system')), 'tokenizer')
        Traceback (most recent call last):
        clipbert_mm.weights.safe_settings.UnsafeSettingsError: model.type is \
'os.system', which is not registered in MMAction2's MODELS. An exported model \
may name registered classes only: import the module that registers yours \
first.
    """
    check = _Check(tokenizer_folder)
    check.member(settings.get('model'), 'model', MODELS)
    check.member(
        settings.get('test_dataloader'), 'test_dataloader', TRANSFORMS
    )


class _Check:
    """Walk through settings.

    Args:
        tokenizer_folder (str): See :func:`check_settings`.
    """

    def __init__(self, tokenizer_folder: str) -> None:
        self.tokenizer_folder = tokenizer_folder

    def member(self, value: Any, path: str, registry: Registry) -> None:
        """Check a value and all that it holds."""
        if isinstance(value, Mapping):
            self._mapping(value, path, registry)
        elif isinstance(value, str):
            _check_string(value, path)
        elif isinstance(value, Sequence):
            for index, item in enumerate(value):
                self.member(item, f'{path}.{index}', registry)
        elif not isinstance(value, _PLAIN):
            raise _unsafe(path, value, 'is no plain value')

    def _mapping(
        self, value: Mapping[str, Any], path: str, registry: Registry
    ) -> None:
        for key, member in value.items():
            name = f'{path}.{key}'
            if not isinstance(key, str) or key.startswith('_'):
                raise _unsafe(name, member, 'changes how a config is read')
            if key == 'type':
                # The class of the dataset is only named, never built.
                if path != 'test_dataloader.dataset':
                    _check_type(member, name, registry)
            elif key in _OF_FILES and member not in (None, False):
                raise _unsafe(name, member, 'names another file')
            elif key in BACKEND_OPTIONS and member is not None:
                raise _unsafe(name, member, 'says where files are read from')
            elif key in _CHECKS:
                _CHECKS[key](member, name)
            elif key == 'tokenizer':
                self._check_tokenizer(member, name)
            else:
                initial = key == 'init_cfg'
                self.member(
                    member, name, WEIGHT_INITIALIZERS if initial else registry
                )

    def _check_tokenizer(self, value: Any, path: str) -> None:
        if value is None or value == self.tokenizer_folder:
            return
        if not isinstance(value, str) or not _HUB_NAME.fullmatch(value):
            raise _unsafe(
                path,
                value,
                f'is neither {self.tokenizer_folder!r} nor a name of the hub',
            )


def _check_type(value: Any, path: str, registry: Registry) -> None:
    """Raise unless a registry or a parent of it holds a type.

    ``Registry.get`` is not asked: it imports names with dots.
    """
    if isinstance(value, str):
        scope, dot, name = value.rpartition('.')
        known = scope in SCOPES if dot else True
        if known and _is_registered(name, registry):
            if (registry, name) == (WEIGHT_INITIALIZERS, 'Pretrained'):
                raise _unsafe(path, value, 'reads another file')
            return
    raise UnsafeSettingsError(
        f"{path} is {value!r}, which is not registered in MMAction2's "
        f'{_name(registry)}. An exported model may name registered classes '
        'only: import the module that registers yours first.'
    )


def _is_registered(name: str, registry: Registry) -> bool:
    level: Registry | None = registry
    while level is not None:
        level.import_from_location()
        if name in level.module_dict:
            return True
        level = level.parent
    return False


def _name(registry: Registry) -> str:
    if registry is WEIGHT_INITIALIZERS:
        return 'WEIGHT_INITIALIZERS'
    return 'MODELS' if registry is MODELS else 'TRANSFORMS'


def _check_string(value: str, path: str) -> None:
    """Raise if a string is an address or a path that leaves the folder."""
    parts = re.split(r'[\\/]', value)
    if '://' in value or '{{' in value:
        raise _unsafe(path, value, 'is an address or a placeholder')
    if (
        value.startswith(('/', '\\', '~'))
        or _DRIVE.match(value)
        or '..' in parts
    ):
        raise _unsafe(path, value, 'is a path outside the folder')


def _check_bert(value: Any, path: str) -> None:
    """Raise unless a BERT is given by plain options."""
    if not isinstance(value, Mapping):
        raise _unsafe(path, value, 'is not a dict of options')
    for name, option in value.items():
        if name not in BERT_OPTIONS or not isinstance(option, _PLAIN):
            raise _unsafe(f'{path}.{name}', option, 'is no option of BERT')


def _check_model(value: Any, path: str) -> None:
    """Raise unless a model of transformers is given by its shape."""
    if not isinstance(value, Mapping):
        raise _unsafe(path, value, 'is not a dict of options')
    try:
        check_options(value)
    except ValueError as error:
        problem = f'is no shape of a model: {error}'
        raise _unsafe(path, value, problem) from None


def _check_answers(value: Any, path: str) -> None:
    """Raise unless a vocabulary is a list of answers, which may be any."""
    if value is not None and not (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and all(isinstance(answer, str) for answer in value)
    ):
        raise _unsafe(path, value, 'is not a list of answers')


# Checks of members that are no plain values, by name.
_CHECKS = dict(bert=_check_bert, model=_check_model, vocabulary=_check_answers)


def _unsafe(path: str, value: Any, problem: str) -> UnsafeSettingsError:
    return UnsafeSettingsError(
        f'{path}={value!r:.80} {problem}. The settings of an exported model '
        'may hold registered classes and plain values only.'
    )
