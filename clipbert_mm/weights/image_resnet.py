# Copyright (c) clipbert_mm contributors.
"""Key tables of the ResNet-50 of torchvision and of MMAction2."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from .conversion_report import ConversionReport
from .detectron2_grid import BACKBONE_NOTE
from .key_table import KeyRule, apply_key_table, unwrap_for_table
from .resnet50_keys import NORM_TENSORS, conv_shapes

SOURCE = 'ResNet-50 checkpoint of torchvision or MMAction2'

#: Standard deviation of the pixels in the training of both, for RGB pixels
#: in [0, 255].
PIXEL_STD = (58.395, 57.12, 57.375)

_COUNTER = 'counts training batches; the norms of ResNet50Grid are frozen'
_CLASSIFIER = 'the classifier of the pretraining dataset'

_STRIDE_NOTE = (
    'torchvision and MMAction2 put the stride of a stage in its 3x3 '
    'convolution, ResNet50Grid in the first 1x1. The weights fit, but the '
    'features differ from the original ones until they are fine-tuned.'
)


def fold_pixel_scale(weight: Tensor) -> Tensor:
    """Adapt the first convolution to BGR pixels that are not scaled.

    Args:
        weight (Tensor): Kernel for RGB pixels divided by ``PIXEL_STD``.

    Returns:
        Tensor: Kernel with the same outputs for unscaled BGR pixels.

    Shape:
        - weight and return: ``(64, 3, 7, 7)``

    Example:
        >>> fold_pixel_scale(torch.ones(64, 3, 7, 7)).shape
        torch.Size([64, 3, 7, 7])
    """
    std = torch.tensor(PIXEL_STD, dtype=weight.dtype).view(1, 3, 1, 1)
    return (weight / std).flip(1)


def image_resnet_rules(names: Collection[str]) -> list[KeyRule]:
    """Make the key table of a checkpoint of torchvision or MMAction2.

    Args:
        names (Collection[str]): Names of the tensors of the checkpoint. They
            distinguish the two formats.

    Returns:
        list[KeyRule]: One rule for each name or family of names.

    Example:
        >>> image_resnet_rules(['conv1.weight'])[0].source
        'conv1.weight'
    """
    prefix = (
        'backbone.' if any(n.startswith('backbone.') for n in names) else ''
    )
    host = any('.bn.' in name for name in names)
    rules = []
    for conv, shape in conv_shapes().items():
        source, norm = (_mmaction_names if host else _torchvision_names)(conv)
        rules.append(
            KeyRule(
                f'{prefix}{source}.weight',
                f'backbone.{conv}.weight',
                shape,
                transform=fold_pixel_scale if conv == 'stem.conv1' else None,
            )
        )
        rules += [
            KeyRule(
                f'{prefix}{norm}.{tensor}',
                f'backbone.{conv}.norm.{tensor}',
                shape[:1],
            )
            for tensor in NORM_TENSORS
        ]
        rules.append(
            KeyRule(
                f'{prefix}{norm}.num_batches_tracked',
                reason=_COUNTER,
                required=False,
            )
        )
    return rules + [
        KeyRule(name, reason=_CLASSIFIER, required=False)
        for name in (f'{prefix}fc.*', 'cls_head.*')
    ]


def _torchvision_names(conv: str) -> tuple[str, str]:
    """Return torchvision's names of a convolution and its norm."""
    stage, *block, layer = conv.split('.')
    if stage == 'stem':
        return 'conv1', 'bn1'
    path = f'layer{int(stage[-1]) - 1}.{block[0]}'
    if layer == 'shortcut':
        return f'{path}.downsample.0', f'{path}.downsample.1'
    return f'{path}.{layer}', f'{path}.bn{layer[-1]}'


def _mmaction_names(conv: str) -> tuple[str, str]:
    """Return MMAction2's names of a convolution and its norm."""
    stage, *block, layer = conv.split('.')
    if stage == 'stem':
        return 'conv1.conv', 'conv1.bn'
    layer = 'downsample' if layer == 'shortcut' else layer
    path = f'layer{int(stage[-1]) - 1}.{block[0]}.{layer}'
    return f'{path}.conv', f'{path}.bn'


def convert_image_resnet(
    state_dict: Mapping[str, Tensor],
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Convert a ResNet-50 of torchvision or MMAction2 to ResNet50Grid.

    Both were trained on RGB pixels divided by their standard deviation. The
    first convolution is adapted to the unscaled BGR pixels of ResNet50Grid.

    Args:
        state_dict (Mapping[str, Tensor]): Tensors of the checkpoint.
        strict (bool): Raise if any tensor is unknown, missing or of another
            shape. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: ``backbone.*`` of
        :class:`ClipBERT`, and a report of each tensor.

    Raises:
        ConversionError: See :func:`apply_key_table`.

    Example:
        >>> state = load_checkpoint_file('resnet50.pth')  # doctest: +SKIP
        >>> new, report = convert_image_resnet(state)  # doctest: +SKIP
    """
    state_dict, notes = unwrap_for_table(state_dict, image_resnet_rules)
    converted, report = apply_key_table(
        state_dict, image_resnet_rules(state_dict), SOURCE, strict
    )
    report.notes += [*notes, BACKBONE_NOTE, _STRIDE_NOTE]
    return converted, report
