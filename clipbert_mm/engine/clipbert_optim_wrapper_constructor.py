# Copyright (c) clipbert_mm contributors.
"""Parameter groups: CNN and BERT, with and without weight decay."""

from typing import Any

from mmaction.registry import OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS, OPTIMIZERS
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from clipbert_mm.utils.processes import unwrap

NORMS = (nn.LayerNorm, nn.GroupNorm, _BatchNorm)
CNN_PREFIXES = ('backbone.', 'neck.')
OPTIONS = {'cnn_lr_mult', 'bert_lr_mult', 'prefix_lr_mult'}


def is_decayed(module: nn.Module, name: str) -> bool:
    """Return whether weight decay applies: not to biases and norms.

    Args:
        module (nn.Module): Module that owns the parameter.
        name (str): Name of the parameter in the module.

    Returns:
        bool: False for biases and for all parameters of norms.
    """
    return not (name.endswith('bias') or isinstance(module, NORMS))


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class ClipBERTOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Constructor of separate groups for CNN and BERT.

    Biases and norms are not decayed.

    The groups are those of the reference (``optimization/utils.py`` at
    a118b02), whose CNN is backbone and neck here. In MMEngine's default
    constructor ``custom_keys`` overrides ``norm_decay_mult`` and
    ``bias_decay_mult``, so they cannot be combined. Frozen parameters are
    left out.

    Args:
        optim_wrapper_cfg (dict): Config of the optimiser wrapper.
        paramwise_cfg (dict | None): ``cnn_lr_mult`` and ``bert_lr_mult``
            (float, default 1), and ``prefix_lr_mult``, a dict of parameter
            name prefixes to multipliers, on top of these; the longest prefix
            wins. Defaults to None.

    Raises:
        ValueError: If ``paramwise_cfg`` has another key, or a prefix matches
            no parameter.

    Example:
        >>> optim_wrapper = dict(
        ...     constructor='ClipBERTOptimWrapperConstructor',
        ...     optimizer=dict(type='AdamW', lr=5e-5, weight_decay=1e-3),
        ...     paramwise_cfg=dict(prefix_lr_mult={'neck.': 10.}))
    """

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None
    ) -> None:
        unknown = sorted(set(paramwise_cfg or {}) - OPTIONS)
        if unknown:
            raise ValueError(
                f'Unknown keys {unknown} in paramwise_cfg. Valid keys of '
                f'ClipBERTOptimWrapperConstructor are {sorted(OPTIONS)}.'
            )
        super().__init__(optim_wrapper_cfg, paramwise_cfg)

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Group the parameters and build the optimiser wrapper.

        Args:
            model (nn.Module): ClipBERT, possibly in a wrapper.

        Returns:
            OptimWrapper: Wrapper with at most one group for each (part,
            decay, multiplier).
        """
        optimizer_cfg = self.optimizer_cfg.copy()
        optimizer_cfg['params'] = self.param_groups(unwrap(model))
        wrapper_cfg = self.optim_wrapper_cfg.copy()
        wrapper_cfg.setdefault('type', 'OptimWrapper')
        return OPTIM_WRAPPERS.build(
            wrapper_cfg,
            default_args=dict(optimizer=OPTIMIZERS.build(optimizer_cfg)),
        )

    def param_groups(self, model: Any) -> list[dict]:
        """Return the groups of the trainable parameters, in a fixed order.

        Args:
            model (Any): ClipBERT, a ``nn.Module``.

        Returns:
            list[dict]: Groups with ``params``, ``lr``, ``weight_decay`` and
            ``param_names``.
        """
        groups: dict[tuple[str, bool, float], dict] = {}
        matched = set()
        for module_name, module in model.named_modules():
            for name, param in module.named_parameters(recurse=False):
                if not param.requires_grad:
                    continue
                full_name = f'{module_name}.{name}'.lstrip('.')
                part = 'cnn' if full_name.startswith(CNN_PREFIXES) else 'bert'
                prefix = self._prefix(full_name)
                matched.add(prefix)
                multiplier = self._multiplier(part, prefix)
                decayed = is_decayed(module, name)
                group = groups.setdefault(
                    (part, decayed, multiplier),
                    self._group(decayed, multiplier),
                )
                group['params'].append(param)
                group['param_names'].append(full_name)
        unused = sorted(set(self._prefixes()) - matched)
        if unused:
            raise ValueError(
                f'prefix_lr_mult has the prefixes {unused}, '
                'which start no trainable parameter that a '
                'longer prefix does not match.'
            )
        return list(groups.values())

    def _prefixes(self) -> dict[str, float]:
        return self.paramwise_cfg.get('prefix_lr_mult', {})

    def _prefix(self, name: str) -> str:
        matches = [p for p in self._prefixes() if name.startswith(p)]
        return max(matches, key=len, default='')

    def _multiplier(self, part: str, prefix: str) -> float:
        return self.paramwise_cfg.get(
            f'{part}_lr_mult', 1.0
        ) * self._prefixes().get(prefix, 1.0)

    def _group(self, decayed: bool, multiplier: float) -> dict:
        return dict(
            params=[],
            param_names=[],
            lr=self.base_lr * multiplier,
            weight_decay=(self.base_wd or 0.0) if decayed else 0.0,
        )
