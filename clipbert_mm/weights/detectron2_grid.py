# Copyright (c) clipbert_mm contributors.
"""Key table of detectron2's ResNet-50, as trained by grid-feats-vqa."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from .conversion_report import ConversionError, ConversionReport
from .key_table import KeyRule, apply_key_table
from .resnet50_keys import backbone_shapes

SOURCE = 'detectron2 ResNet-50 checkpoint'

_DROPPED = {
    'proposal_generator.*': 'part of the detector, which ClipBERT never runs',
    'roi_heads.*': 'part of the detector, which ClipBERT never runs',
    'pixel_mean': 'the data preprocessor of the model normalises pixels',
    'pixel_std': 'the data preprocessor of the model normalises pixels',
}

#: How a file that holds the CNN alone is loaded.
BACKBONE_NOTE = (
    'this holds backbone.* only. Load it with '
    "backbone=dict(type='ResNet50Grid', init_cfg=dict(type='Pretrained', "
    "checkpoint=<the file>, prefix='backbone.'))."
)


def detectron2_rules(names: Collection[str]) -> list[KeyRule]:
    """Make the key table of a detectron2 checkpoint.

    Args:
        names (Collection[str]): Names in the checkpoint. They decide whether
            those of the backbone begin with ``backbone.`` (a detector) or
            not (a bare backbone).

    Returns:
        list[KeyRule]: One rule for each name or family of names.

    Example:
        >>> detectron2_rules(['backbone.stem.conv1.weight'])[0].target
        'backbone.stem.conv1.weight'
    """
    detector = any(name.startswith('backbone.') for name in names)
    prefix = 'backbone.' if detector else ''
    rules = [
        KeyRule(f'{prefix}{name}', f'backbone.{name}', shape)
        for name, shape in backbone_shapes().items()
    ]
    return rules + [
        KeyRule(name, reason=reason, required=False)
        for name, reason in _DROPPED.items()
    ]


def convert_detectron2(
    state_dict: Mapping[str, Tensor],
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Convert a ResNet-50 of detectron2 or grid-feats-vqa.

    detectron2 is not needed: the file has to hold tensors (``.pth``) or
    NumPy arrays (``.pkl``), see :func:`load_checkpoint_file`.

    Args:
        state_dict (Mapping[str, Tensor]): The checkpoint.
        strict (bool): Raise on any unknown, mis-shaped or missing tensor.
            Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: ``backbone.*`` of
        :class:`ClipBERT`, and what became of each tensor.

    Raises:
        ConversionError: See :func:`apply_key_table`. Also when the
            checkpoint was trained on scaled pixels, which ours are not.

    Example:
        >>> state = load_checkpoint_file('R-50.pth')  # doctest: +SKIP
        >>> new, report = convert_detectron2(state)  # doctest: +SKIP
    """
    std = state_dict.get('pixel_std')
    if std is not None and not torch.all(std == 1):
        raise ConversionError(
            f'expected a {SOURCE} with pixel_std 1, got '
            f'{std.flatten().tolist()}: its first convolution takes other '
            'pixels than those of ResNet50Grid. Use a checkpoint trained '
            'on BGR pixels of 0-255 minus the mean.'
        )
    converted, report = apply_key_table(
        state_dict, detectron2_rules(state_dict), SOURCE, strict
    )
    report.notes.append(BACKBONE_NOTE)
    return converted, report
