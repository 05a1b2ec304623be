# Copyright (c) clipbert_mm contributors.
"""Key table of detectron2's ResNet-50, as trained by grid-feats-vqa."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from .conversion_report import ConversionError, ConversionReport
from .key_table import KeyRule, apply_key_table, unwrap_for_table
from .resnet50_keys import backbone_shapes

SOURCE = 'detectron2 ResNet-50 checkpoint'

_DROPPED = {
    'proposal_generator.*': 'part of the detector, which ClipBERT never runs',
    'roi_heads.*': 'part of the detector, which ClipBERT never runs',
    'pixel_mean': 'the data preprocessor of the model normalises pixels',
    'pixel_std': 'the data preprocessor of the model normalises pixels',
}

#: Advice on loading a file that holds only the CNN.
BACKBONE_NOTE = (
    'the file holds only backbone.*. Load it with '
    "backbone=dict(type='ResNet50Grid', init_cfg=dict(type='Pretrained', "
    "checkpoint=<the file>, prefix='backbone.'))."
)


def detectron2_rules(names: Collection[str]) -> list[KeyRule]:
    """Make the key table of a detectron2 checkpoint.

    Args:
        names (Collection[str]): Names of the tensors of the checkpoint. In a
            detector those of the backbone begin with ``backbone.``, in a
            bare backbone they do not.

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

    detectron2 need not be installed: :func:`load_checkpoint_file` reads its
    files of tensors (``.pth``) and of NumPy arrays (``.pkl``).

    Args:
        state_dict (Mapping[str, Tensor]): Tensors of the checkpoint.
        strict (bool): Raise if any tensor is unknown, missing or of another
            shape. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: ``backbone.*`` of
        :class:`ClipBERT`, and a report of each tensor.

    Raises:
        ConversionError: See :func:`apply_key_table`. Also raised for a
            checkpoint that was trained on scaled pixels.

    Example:
        >>> state = load_checkpoint_file('R-50.pth')  # doctest: +SKIP
        >>> new, report = convert_detectron2(state)  # doctest: +SKIP
    """
    state_dict, notes = unwrap_for_table(state_dict, detectron2_rules)
    std = state_dict.get('pixel_std')
    if std is not None and not torch.all(std == 1):
        raise ConversionError(
            f'expected a {SOURCE} with pixel_std 1, but got '
            f'{std.flatten().tolist()}. ResNet50Grid takes pixels that are '
            'not scaled: use a checkpoint trained on BGR pixels in [0, 255] '
            'minus the mean.'
        )
    converted, report = apply_key_table(
        state_dict, detectron2_rules(state_dict), SOURCE, strict
    )
    report.notes += [*notes, BACKBONE_NOTE]
    return converted, report
