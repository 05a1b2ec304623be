# Copyright (c) clipbert_mm contributors.
"""Image-text models of transformers, whole: backbones and heads take parts."""

import inspect
import os
from collections.abc import Mapping
from typing import Any

import transformers
from transformers import (
    CONFIG_MAPPING,
    AutoConfig,
    PretrainedConfig,
)

from clipbert_mm.utils.error_text import first_line
from clipbert_mm.utils.finite import check_finite

#: Class that holds all parts of a model, by ``model_type`` of its config.
CLASSES = dict(
    blip='BlipForImageTextRetrieval',
    **{'blip-2': 'Blip2ForImageTextRetrieval'},
    bridgetower='BridgeTowerForImageAndTextRetrieval',
    clip='CLIPModel',
    siglip='SiglipModel',
    vilt='ViltForImageAndTextRetrieval',
)

_NAFLEX = (
    'reads any number of patches of any shape (NaFlex), but frames here have '
    'one size. Use a SigLIP 2 of a fixed resolution, such as '
    "'google/siglip2-base-patch16-224', whose model_type is 'siglip'."
)
#: Why models of a kind cannot be used, by ``model_type``.
REFUSED = dict(siglip2=_NAFLEX, siglip2_vision_model=_NAFLEX)

_TOWERS = ('qformer_config', 'text_config', 'vision_config')
# Parts of a configuration that the class of CLASSES does not build.
_NOT_BUILT = {'blip-2': ('text_config',)}
# Options of every model that change what it computes; the others say how it
# is used, or name code, files and answers.
_OF_EVERY_MODEL = frozenset(
    (
        'add_cross_attention',
        'bos_token_id',
        'eos_token_id',
        'is_decoder',
        'model_type',
        'num_labels',
        'pad_token_id',
        'sep_token_id',
    )
)


def build_pretrained(
    model: str | os.PathLike[str] | Mapping[str, Any],
    class_name: str | None = None,
    parts: tuple[str, ...] = ('',),
    pooler: bool = True,
) -> Any:
    """Build a model of transformers, from its files or of random weights.

    Safetensors are read if there are any; no code of a repository is run.
    Transformers gives tensors that a checkpoint lacks random values. Here
    they are an error, if they are of the wanted parts.

    Args:
        model (str | os.PathLike[str] | Mapping[str, Any]): Folder or hub name
            of a checkpoint, or the arguments of a configuration, with
            ``model_type``, for random weights.
        class_name (str | None): Class of transformers. Defaults to None: that
            of :data:`CLASSES`, or else what ``AutoModel`` chooses.
        parts (tuple[str, ...]): Prefixes of the wanted tensors. Defaults to
            all.
        pooler (bool): Build the layer after the last state of the first
            token. Where it is not read it need not be in the checkpoint, as
            in those of classifiers. Defaults to True.

    Returns:
        Any: A ``PreTrainedModel``, in single precision.

    Raises:
        OSError: If the checkpoint cannot be found.
        ValueError: If it lacks tensors, or if ``model_type`` is unknown or
            refused, or has no class in the installed transformers.

    Example:
        >>> vit = build_pretrained(dict(
        ...     model_type='vit', num_hidden_layers=1, hidden_size=24,
        ...     num_attention_heads=2, intermediate_size=8))
        >>> type(vit).__name__
        'ViTModel'
    """
    if isinstance(model, Mapping):
        config = _config_of(model)
        kind, options = _class_of(config, class_name, pooler)
        return kind._from_config(config, **options)
    model = os.fspath(model)
    try:
        config = AutoConfig.from_pretrained(model, trust_remote_code=False)
        kind, options = _class_of(config, class_name, pooler)
        loaded, info = kind.from_pretrained(
            model,
            trust_remote_code=False,
            output_loading_info=True,
            **options,
        )
    except OSError as error:
        raise OSError(
            f'{model!r} is neither a folder with a model of transformers nor '
            f'a name that could be downloaded from the hub '
            f'({first_line(error)}). '
            'Without a network pass a folder with config.json and the weights.'
        ) from error
    missing = sorted(k for k in info['missing_keys'] if k.startswith(parts))
    if missing:
        raise ValueError(
            f'{model!r} must have all weights of {type(loaded).__name__}, but '
            f'{len(missing)} are missing, such as {missing[0]!r}: they would '
            'stay random. Use the checkpoint of such a model.'
        )
    check_finite(loaded.state_dict(), model)
    return loaded.float()


def _config_of(options: Mapping[str, Any]) -> PretrainedConfig:
    options = dict(options)
    kind = options.pop('model_type', None)
    if kind is None:
        raise ValueError(
            "A configuration of random weights needs a 'model_type', such as "
            f"'vit' or 'blip', but has only {sorted(options)}."
        )
    return AutoConfig.for_model(kind, **options)


def _class_of(
    config: PretrainedConfig, name: str | None, pooler: bool
) -> tuple[Any, dict[str, Any]]:
    """Return a class of transformers, and options of its constructor."""
    check_kind(config.model_type)
    name = name or CLASSES.get(config.model_type)
    if name is None:
        found: Any = transformers.MODEL_MAPPING[type(config)]
    else:
        found = getattr(transformers, name, None)
        if found is None:
            raise ValueError(
                f'A {config.model_type!r} needs {name}, which transformers '
                f'{transformers.__version__} does not have. Install a newer '
                'one: pip install --upgrade transformers.'
            )
    has_option = 'add_pooling_layer' in inspect.signature(found).parameters
    leaves_out = has_option and not pooler
    return found, dict(add_pooling_layer=False) if leaves_out else {}


def check_kind(kind: str | None) -> None:
    """Raise if models of a kind cannot be used.

    Args:
        kind (str | None): ``model_type`` of a configuration.

    Raises:
        ValueError: If they cannot, with the reason.

    Example:
        >>> check_kind('siglip')
    """
    if kind in REFUSED:
        raise ValueError(f'A model of the kind {kind!r} {REFUSED[kind]}')


def config_options(model: str | os.PathLike[str] | Mapping[str, Any]) -> dict:
    """Return the options that build a model without its files.

    Args:
        model (str | os.PathLike[str] | Mapping[str, Any]): As for
            :func:`build_pretrained`.

    Returns:
        dict: Arguments of its configuration, including defaults, with
        ``model_type``.

    Raises:
        OSError: If the checkpoint cannot be found.

    Example:
        >>> config_options(dict(model_type='vit'))['patch_size']
        16
    """
    if isinstance(model, Mapping):
        config = _config_of(model)
    else:
        config = AutoConfig.from_pretrained(model, trust_remote_code=False)
    options = _shape_of(config.to_dict(), _defaults(config.model_type))
    if config.num_labels != PretrainedConfig().num_labels:
        options['num_labels'] = config.num_labels
    return options


def check_options(options: Mapping[str, Any]) -> None:
    """Raise unless options only say of which shape a model is.

    Some options of transformers load further code or files.

    Args:
        options (Mapping[str, Any]): Options, by a stranger.

    Raises:
        ValueError: If one is unknown, or is no number, string or list.

    Example:
        >>> check_options(dict(model_type='vit', auto_map='x'))
        Traceback (most recent call last):
        ValueError: 'auto_map' is no option of the shape of a 'vit'
    """
    kind = options.get('model_type')
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        raise ValueError(f'{kind!r:.80} is no model_type of transformers')
    _check_shape(options, _defaults(kind), f'a {kind!r}')


def _check_shape(
    options: Mapping[str, Any], defaults: Mapping[str, Any], owner: str
) -> None:
    known = _names_of_shape(defaults)
    for name, value in options.items():
        if name not in known:
            raise ValueError(
                f'{name!r:.80} is no option of the shape of {owner}'
            )
        if name in _TOWERS and isinstance(value, Mapping):
            _check_shape(value, defaults[name], f'{name} of {owner}')
        elif not _is_plain(value):
            raise ValueError(f'{name}={value!r:.80} is no plain value')


def _defaults(kind: str) -> dict[str, Any]:
    """Return the options of a kind of model, with those of its towers."""
    options: dict[str, Any] = AutoConfig.for_model(kind).to_dict()
    for name in _NOT_BUILT.get(kind, ()):
        del options[name]
    return options


def _shape_of(
    options: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options of the shape of a model and of its towers."""
    return {
        name: _shape_of(options[name], defaults[name])
        if name in _TOWERS
        else options[name]
        for name in options
        if name in _names_of_shape(defaults)
    }


def _names_of_shape(defaults: Mapping[str, Any]) -> set[str]:
    own = defaults.keys() - PretrainedConfig().to_dict().keys()
    return {n for n in own if not n.startswith('_')} | _OF_EVERY_MODEL


def _is_plain(value: Any) -> bool:
    values = value if isinstance(value, (list, tuple)) else [value]
    return all(
        v is None or isinstance(v, (str, bool, int, float)) for v in values
    )
