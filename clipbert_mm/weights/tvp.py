# Copyright (c) clipbert_mm contributors.
"""Key table of TVP, a temporal-grounding model derived from ClipBERT."""

from collections.abc import Collection, Mapping

from torch import Tensor

from .bert_keys import bert_shapes, count_layers
from .conversion_report import ConversionReport
from .key_table import KeyRule, apply_key_table, unwrap_for_table
from .official_clipbert import GRID_EMBEDDING
from .resnet50_keys import NORM_TENSORS, conv_shapes
from .reverse_table import (
    ANSWERS,
    NORM_COUNTER,
    TASK_HEAD,
    counter_rules,
    drop_rules,
    reverse_key_table,
    unwrap_own,
)

SOURCE = 'TVP checkpoint'

_PROMPT = 'a prompt of TVP, which ClipBERT lacks'
_GROUNDING = 'the temporal-grounding head of TVP'
_UNUSED_POSITIONS = 'never used: visual tokens have no sequence position'

_PROMPTS = (
    'text_prompt',
    'visual_prompter.pad_up',
    'visual_prompter.pad_down',
    'visual_prompter.pad_left',
    'visual_prompter.pad_right',
)
_GROUNDING_HEAD = (
    'layer_0.weight',
    'layer_0.bias',
    'layer_1.weight',
    'layer_1.bias',
)

#: TVP's name of each part of a BERT layer; the first match is replaced.
_BERT_NAMES = {
    'attention.self.': 'attention.',
    'attention.output.LayerNorm': 'attention.layer_norm',
    'attention.output.dense': 'attention.dense',
    'LayerNorm': 'layer_norm',
}

_NOTES = (
    'the file holds a whole model without head.classifier.*, which starts '
    "newly initialised. Load it with load_from='<the file>'.",
    'stride: the ResNet of transformers puts the stride of a stage in its 3x3 '
    'convolution unless backbone_config.downsample_in_bottleneck in '
    'config.json is true. ResNet50Grid always has it in the first 1x1. With '
    'the stride in the 3x3 the weights fit, but the features differ from the '
    'original ones until they are fine-tuned.',
    'pixels: TVP takes BGR as ClipBERT does, but divided by 255 and '
    'standardised. Set data_preprocessor=dict(mean=[255 * m for m in '
    'image_mean[::-1]], std=[255 * s for s in image_std[::-1]], bgr=True) '
    'with the values of preprocessor_config.json (0.5 by default, which gives '
    'mean=[127.5] * 3, std=[127.5] * 3).',
    'pooler: TVP pools its first text prompt and ClipBERT the [CLS] token. '
    'The weights fit but must be fine-tuned.',
)
_NOTE_BACK = (
    'the file holds the parts that TVP and ClipBERT have in common; in '
    'transformers the prompts and the grounding head start newly '
    'initialised. Build TVP with the sizes of this report and with a '
    'backbone_config of layer_type bottleneck and downsample_in_bottleneck '
    'true.'
)


def tvp_rules(names: Collection[str]) -> list[KeyRule]:
    """Make the key table of a TVP checkpoint.

    Names are those of ``TvpModel`` or, with the prefix ``model.``, those of
    ``TvpForVideoGrounding`` in transformers.

    Args:
        names (Collection[str]): Names of the tensors of the checkpoint.

    Returns:
        list[KeyRule]: One rule for each required or optional name.

    Example:
        >>> tvp_rules(['text_prompt'])[0].source
        'vision_model.backbone.embedder.embedder.convolution.weight'
    """
    return _rules(
        count_layers(names),
        'model.' if any(name.startswith('model.') for name in names) else '',
    )


def _rules(num_layers: int, prefix: str) -> list[KeyRule]:
    """Make the table of a number of layers and a prefix."""
    rules = _backbone_rules(f'{prefix}vision_model.backbone.')
    rules.append(
        KeyRule(
            f'{prefix}vision_model.grid_encoder_conv.weight',
            'neck.conv.weight',
            ('hidden_size', 2048, 3, 3),
        )
    )
    rules += [
        KeyRule(f'{prefix}{_bert_name(name)}', f'head.bert.{name}', shape)
        for name, shape in bert_shapes(num_layers).items()
    ]
    rules += [
        KeyRule(
            f'{prefix}visual_embeddings.{_bert_name(name)}',
            f'head.grid_embedding.{name}',
            shape,
        )
        for name, shape in GRID_EMBEDDING.items()
    ]
    dropped = {f'{prefix}{name}': _PROMPT for name in _PROMPTS}
    dropped[f'{prefix}visual_embeddings.position_embeddings.weight'] = (
        _UNUSED_POSITIONS
    )
    dropped.update(
        {
            f'video_grounding_head.{name}': _GROUNDING
            for name in _GROUNDING_HEAD
        }
    )
    return rules + drop_rules(dropped)


def _backbone_rules(prefix: str) -> list[KeyRule]:
    """List the rules of the ResNet-50 of transformers."""
    rules = []
    for conv, shape in conv_shapes().items():
        source = f'{prefix}{_resnet_name(conv)}'
        rules.append(
            KeyRule(
                f'{source}.convolution.weight',
                f'backbone.{conv}.weight',
                shape,
            )
        )
        rules += [
            KeyRule(
                f'{source}.normalization.{tensor}',
                f'backbone.{conv}.norm.{tensor}',
                shape[:1],
            )
            for tensor in NORM_TENSORS
        ]
        rules += drop_rules(
            {f'{source}.normalization.num_batches_tracked': NORM_COUNTER}
        )
    return rules


def _resnet_name(conv: str) -> str:
    """Return the name of a convolution in transformers."""
    stage, *block, layer = conv.split('.')
    if stage == 'stem':
        return 'embedder.embedder'
    path = f'encoder.stages.{int(stage[-1]) - 2}.layers.{block[0]}'
    if layer == 'shortcut':
        return f'{path}.shortcut'
    return f'{path}.layer.{int(layer[-1]) - 1}'


def _bert_name(name: str) -> str:
    """Return the name of a tensor of BERT in TVP."""
    for ours, theirs in _BERT_NAMES.items():
        if ours in name:
            return name.replace(ours, theirs)
    return name


def convert_tvp(
    state_dict: Mapping[str, Tensor],
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Convert a TVP checkpoint, such as ``Intel/tvp-base``.

    Args:
        state_dict (Mapping[str, Tensor]): Tensors of the checkpoint, from
            :func:`load_model_directory`.
        strict (bool): Raise if any tensor is unknown, missing or of another
            shape. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: State dict of
        :class:`ClipBERT` without ``head.classifier.*``, and a report of each
        tensor. Its notes explain how the computation of TVP differs.

    Raises:
        ConversionError: See :func:`apply_key_table`.

    Example:
        >>> state = load_model_directory('tvp-base')  # doctest: +SKIP
        >>> new, report = convert_tvp(state)  # doctest: +SKIP
    """
    state_dict, notes = unwrap_for_table(state_dict, tvp_rules)
    converted, report = apply_key_table(
        state_dict, tvp_rules(state_dict), SOURCE, strict
    )
    report.notes += [*notes, *_NOTES]
    return converted, report


def revert_tvp(
    state_dict: Mapping[str, Tensor],
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Convert the parts that TVP and ClipBERT have in common to TVP's names.

    Args:
        state_dict (Mapping[str, Tensor]): State dict of :class:`ClipBERT`
            with :class:`ResNet50Grid`.
        strict (bool): See :func:`convert_tvp`. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: Tensors of
        ``TvpForVideoGrounding``, and a report of each tensor.

    Raises:
        ConversionError: See :func:`apply_key_table`.

    Example:
        >>> state = load_checkpoint_file('best.pth')  # doctest: +SKIP
        >>> theirs, report = revert_tvp(state)  # doctest: +SKIP
    """
    dropped = (
        drop_rules(
            {
                'task.vocabulary': ANSWERS,
                'head.classifier.*': TASK_HEAD,
                'task.*': TASK_HEAD,
            }
        )
        + counter_rules()
    )
    state_dict, notes = unwrap_own(state_dict)
    reverted, report = reverse_key_table(
        state_dict,
        _rules(count_layers(state_dict), 'model.'),
        dropped,
        f'ClipBERT to {SOURCE}',
        strict,
    )
    report.notes += [*notes, _NOTE_BACK]
    return reverted, report
