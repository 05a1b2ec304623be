# Copyright (c) clipbert_mm contributors.
"""Low-rank adapters (LoRA) in the linear layers of a head, by peft."""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from mmengine.logging import print_log
from torch import Tensor, nn

from clipbert_mm.utils.checks import (
    check_fraction,
    check_integer,
    check_number,
)
from clipbert_mm.utils.extras import import_extra

EXTRA = 'lora'
#: Projections of queries and values, to which the paper adds adapters; BERT,
#: BLIP and ViLT have the first two, CLIP and SigLIP the others.
TARGETS = ('query', 'value', 'q_proj', 'v_proj')
#: Parts that a pretrained BERT lacks, and that therefore train as a whole.
TRAINED = ('grid_embedding', 'classifier')

_BASE = '.base_layer.'
_ADAPTER = '.lora_'


def add_lora(
    head: nn.Module,
    r: int = 8,
    alpha: float = 16,
    dropout: float = 0.0,
    target_modules: Sequence[str] | None = None,
    trained_modules: Sequence[str] | None = None,
) -> None:
    """Add adapters to linear layers of a head, and freeze the rest of it.

    `LoRA <https://arxiv.org/abs/2106.09685>`_: to the output of a layer
    :math:`Wx` comes :math:`(alpha / r) B A x`, with :math:`A` of ``r`` rows
    and :math:`B`, which starts at zero, of ``r`` columns.

    Args:
        head (nn.Module): Head of a model, with its initial weights.
        r (int): Rank of the adapters. Defaults to 8.
        alpha (float): The adapters are scaled by ``alpha / r``. Defaults
            to 16.
        dropout (float): Probability of dropout before the adapters. Defaults
            to 0.0.
        target_modules (Sequence[str] | None): Names of linear layers, or the
            ends of their names. Defaults to None: :data:`TARGETS`, as far as
            the head has them.
        trained_modules (Sequence[str] | None): Names of parts that train as
            a whole. Defaults to None: :data:`TRAINED`, as far as the head
            has them.

    Raises:
        ImportError: If peft is not installed.
        ValueError: If an option is out of range, or the head has no such
            layer or part.

    Example:
        >>> head = nn.Sequential()
        >>> head.query = nn.Linear(4, 4)
        >>> add_lora(head, r=2)  # doctest: +SKIP
        >>> head.query.lora_A.default  # doctest: +SKIP
        Linear(in_features=4, out_features=2, bias=False)
    """
    check_integer('lora.r', r, 1)
    check_number('lora.alpha', alpha)
    check_fraction('lora.dropout', dropout)
    modules = dict(head.named_modules())
    if target_modules is None:
        target_modules = _present(TARGETS, modules) or TARGETS
    if trained_modules is None:
        trained_modules = _present(TRAINED, modules)
    targets = _find('target_modules', target_modules, modules)
    trained = _find('trained_modules', trained_modules, modules)
    for name in targets:
        if not isinstance(modules[name], nn.Linear):
            raise ValueError(
                'lora.target_modules must be linear layers, but '
                f'{name!r} of {type(head).__name__} is a '
                f'{type(modules[name]).__name__}.'
            )
    peft = import_extra('peft', EXTRA)
    # Inside a bare module: of a head with a configuration of transformers,
    # peft expects the methods of a whole model.
    holder = nn.ModuleDict(dict(head=head))
    options = peft.LoraConfig(
        r=r,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=[f'head.{name}' for name in targets],
    )
    peft.inject_adapter_in_model(options, holder)  # freezes the rest
    for name in trained:
        modules[name].requires_grad_(True)


def _present(
    ends: Sequence[str], modules: Mapping[str, nn.Module]
) -> list[str]:
    """Return the ends with which names of modules end."""
    return [end for end in ends if any(_ends(name, end) for name in modules)]


def _ends(name: str, end: str) -> bool:
    return f'.{name}'.endswith(f'.{end}')


def _find(
    option: str, ends: Sequence[str], modules: Mapping[str, nn.Module]
) -> list[str]:
    """Return the names of the modules that an option means."""
    if isinstance(ends, str) or not all(isinstance(end, str) for end in ends):
        raise ValueError(
            f'lora.{option} must be a list of names, but got {ends!r:.80}.'
        )
    unknown = sorted(set(ends).difference(_present(ends, modules)))
    if unknown:
        last = {name.rpartition('.')[2] for name in modules}
        words = sorted(word for word in last if not word.isdigit())
        raise ValueError(
            f'lora.{option} has {unknown}, with which no name of a module of '
            f'the head ends. They end with {words}.'
        )
    return [n for n in modules if any(_ends(n, end) for end in ends)]


def merge_lora(head: nn.Module) -> None:
    """Add the adapters of a head to the weights, and remove them.

    Args:
        head (nn.Module): Head that :func:`add_lora` has changed. It computes
            the same then as without peft.

    Example:
        >>> merge_lora(model.head)  # doctest: +SKIP
    """
    layers = {
        name: module
        for name, module in head.named_modules()
        if hasattr(module, 'lora_A')
    }
    for name, layer in layers.items():
        merged: Any = layer
        merged.merge(safe_merge=True)
        head.set_submodule(name, merged.get_base_layer())


def fit_lora(
    state_dict: MutableMapping[str, Tensor], own: Mapping[str, Tensor]
) -> None:
    """Give a checkpoint without adapters the names and adapters of a model.

    Args:
        state_dict (MutableMapping[str, Tensor]): Tensors of the checkpoint,
            by name; it is changed.
        own (Mapping[str, Tensor]): Tensors of the model, by name.

    Raises:
        ValueError: If the checkpoint has adapters and the model has none.

    Example:
        >>> state = {'head.query.weight': 1}
        >>> own = {'head.query.base_layer.weight': 0,
        ...        'head.query.lora_A.default.weight': 2}
        >>> fit_lora(state, own)
        >>> state
        {'head.query.base_layer.weight': 1, \
'head.query.lora_A.default.weight': 2}
    """
    adapters = {n: value for n, value in own.items() if _ADAPTER in n}
    has_adapters = any(_ADAPTER in name for name in state_dict)
    if has_adapters and not adapters:
        raise ValueError(
            'The checkpoint has LoRA adapters, but the model has none. Set '
            'model.lora as in its training, or export the checkpoint with '
            '`python tools/convert_weights.py export`, which merges them.'
        )
    if has_adapters or not adapters:
        return
    for name in own:
        plain = name.replace(_BASE, '.')
        if _BASE in name and plain in state_dict:
            state_dict[name] = state_dict.pop(plain)
    state_dict.update(adapters)
    print_log(
        f'The checkpoint has no LoRA adapters: {len(adapters)} tensors start '
        'as zero updates.',
        'current',
    )
