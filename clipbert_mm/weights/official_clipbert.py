# Copyright (c) clipbert_mm contributors.
"""Key table of the checkpoints that the authors of ClipBERT published."""

from collections.abc import Collection, Mapping

from torch import Tensor

from .bert_keys import MLM_HEAD, PAIR_HEAD, bert_shapes, count_layers
from .conversion_report import ConversionReport
from .key_table import KeyRule, Shape, apply_key_table, unwrap_for_table
from .resnet50_keys import backbone_shapes
from .reverse_table import (
    ANSWERS,
    counter_rules,
    drop_rules,
    reverse_key_table,
    unwrap_own,
)

SOURCE = 'official ClipBERT checkpoint'

_DETECTOR = 'part of the detector, which ClipBERT never runs'
_UNUSED_POSITIONS = 'never used: visual tokens have no sequence position'
_TIED = 'tied to another tensor, checked to be equal'

_CNN = 'cnn.feature.'
_BERT = 'transformer.bert.'

_DETECTOR_NAMES = (
    'proposal_generator.anchor_generator.cell_anchors.0',
    'proposal_generator.rpn_head.conv.weight',
    'proposal_generator.rpn_head.conv.bias',
    'proposal_generator.rpn_head.objectness_logits.weight',
    'proposal_generator.rpn_head.objectness_logits.bias',
    'proposal_generator.rpn_head.anchor_deltas.weight',
    'proposal_generator.rpn_head.anchor_deltas.bias',
    'roi_heads.box_head.fc1.weight',
    'roi_heads.box_head.fc1.bias',
    'roi_heads.box_head.fc2.weight',
    'roi_heads.box_head.fc2.bias',
    'roi_heads.box_predictor.cls_score.weight',
    'roi_heads.box_predictor.cls_score.bias',
    'roi_heads.box_predictor.bbox_pred.weight',
    'roi_heads.box_predictor.bbox_pred.bias',
    'roi_heads.attribute_predictor.obj_embed.weight',
    'roi_heads.attribute_predictor.fc.0.weight',
    'roi_heads.attribute_predictor.fc.0.bias',
    'roi_heads.attribute_predictor.attr_score.weight',
    'roi_heads.attribute_predictor.attr_score.bias',
)

#: Tensors of GridEmbedding.
GRID_EMBEDDING: dict[str, Shape] = {
    'row_position_embeddings.weight': ('max_grid_rows', 'hidden_size'),
    'col_position_embeddings.weight': ('max_grid_cols', 'hidden_size'),
    'token_type_embeddings.weight': (1, 'hidden_size'),
    'LayerNorm.weight': ('hidden_size',),
    'LayerNorm.bias': ('hidden_size',),
}

_CLASSIFIER: dict[str, Shape] = {
    '0.weight': ('classifier_size', 'hidden_size'),
    '0.bias': ('classifier_size',),
    '2.weight': ('num_outputs', 'classifier_size'),
    '2.bias': ('num_outputs',),
}

_LOAD_NOTE = (
    "the file holds a whole model. Load it with load_from='<the file>'."
)
_PRETRAIN_NOTE = (
    'the file holds a pretraining checkpoint: task.mlm.* and the linear '
    'head.classifier.* fit only PretrainTask. A model with another task '
    'reports them as unexpected and starts with a newly initialised '
    'head.classifier.*, as in the reference.'
)


def official_rules(names: Collection[str]) -> list[KeyRule]:
    """Make the key table of an official checkpoint.

    Names are those of the reference at a118b02. A pretraining checkpoint
    has 500 tensors and any other one 495. All have 491 in common; the others
    are those of the head.

    Args:
        names (Collection[str]): Names of the tensors of the checkpoint. They
            determine the number of transformer layers and the kind of head.

    Returns:
        list[KeyRule]: One rule for each required or optional name.

    Example:
        >>> rules = official_rules(['transformer.classifier.0.weight'])
        >>> rules[-1].target
        'head.classifier.2.bias'
    """
    return _rules(
        count_layers(names),
        pretrain=any(n.startswith('transformer.cls.') for n in names),
        classifier=any(n.startswith('transformer.classifier.') for n in names),
    )


def _rules(num_layers: int, pretrain: bool, classifier: bool) -> list[KeyRule]:
    """Make the table of a model with the requested heads."""
    rules = _common_rules(num_layers)
    if pretrain:
        rules += _pretrain_rules()
    if classifier:
        rules += [
            KeyRule(
                f'transformer.classifier.{name}',
                f'head.classifier.{name}',
                shape,
            )
            for name, shape in _CLASSIFIER.items()
        ]
    return rules


def _common_rules(num_layers: int) -> list[KeyRule]:
    """List the rules of the tensors of every official checkpoint."""
    rules = [
        KeyRule(f'{_CNN}backbone.{name}', f'backbone.{name}', shape)
        for name, shape in backbone_shapes().items()
    ]
    rules += [
        KeyRule(f'{_CNN}{name}', reason=_DETECTOR, required=False)
        for name in _DETECTOR_NAMES
    ]
    rules.append(
        KeyRule(
            'cnn.grid_encoder.0.weight',
            'neck.conv.weight',
            ('hidden_size', 2048, 3, 3),
        )
    )
    rules += [
        KeyRule(f'{_BERT}{name}', f'head.bert.{name}', shape)
        for name, shape in bert_shapes(num_layers).items()
    ]
    rules += [
        KeyRule(
            f'{_BERT}visual_embeddings.{name}',
            f'head.grid_embedding.{name}',
            shape,
        )
        for name, shape in GRID_EMBEDDING.items()
    ]
    rules.append(
        KeyRule(
            f'{_BERT}visual_embeddings.position_embeddings.weight',
            reason=_UNUSED_POSITIONS,
            required=False,
        )
    )
    return rules


def _pretrain_rules() -> list[KeyRule]:
    """List the rules of the heads of image-text pretraining."""
    prefix = 'transformer.cls.predictions.'
    rules = [
        KeyRule(f'{prefix}{name}', f'task.mlm.{name}', shape)
        for name, shape in MLM_HEAD.items()
    ]
    tied = {
        f'{prefix}decoder.weight': f'{_BERT}embeddings.word_embeddings.weight',
        f'{prefix}decoder.bias': f'{prefix}bias',
    }
    rules += [
        KeyRule(name, reason=_TIED, required=False, tied_to=twin)
        for name, twin in tied.items()
    ]
    rules += [
        KeyRule(
            f'transformer.cls.seq_relationship.{name}',
            f'head.classifier.{name}',
            shape,
        )
        for name, shape in PAIR_HEAD.items()
    ]
    return rules


def convert_official(
    state_dict: Mapping[str, Tensor],
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Convert an official ClipBERT checkpoint of any task.

    Args:
        state_dict (Mapping[str, Tensor]): Tensors of the checkpoint, from
            :func:`load_checkpoint_file`.
        strict (bool): Raise if any tensor is unknown, missing or of another
            shape. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: State dict of
        :class:`ClipBERT`, and a report of each tensor. Its notes explain
        the fate of the head when another task loads the result.

    Raises:
        ConversionError: See :func:`apply_key_table`.

    Example:
        >>> state = load_checkpoint_file('msrvtt.pt')  # doctest: +SKIP
        >>> new, report = convert_official(state)  # doctest: +SKIP
    """
    state_dict, notes = unwrap_for_table(state_dict, official_rules)
    converted, report = apply_key_table(
        state_dict, official_rules(state_dict), SOURCE, strict
    )
    report.notes += [*notes, _LOAD_NOTE]
    if 'task.mlm.bias' in converted:
        report.notes.append(_PRETRAIN_NOTE)
    elif 'num_outputs' in report.sizes:
        report.notes.append(
            f'head.classifier has {report.sizes["num_outputs"]} outputs. In '
            'a model with another number of outputs head.classifier.2.* '
            'stays newly initialised, which is logged when the file is '
            'loaded.'
        )
    else:
        report.notes.append(
            'the checkpoint has no head: head.classifier.* of the model '
            'stays newly initialised.'
        )
    return converted, report


def revert_official(
    state_dict: Mapping[str, Tensor],
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Convert our weights to the names of the authors' code.

    The authors' code builds a detector and a position table of the grid and
    never uses them. The report lists their tensors as absent; they stay
    newly initialised there.

    Args:
        state_dict (Mapping[str, Tensor]): State dict of :class:`ClipBERT`
            with :class:`ResNet50Grid`.
        strict (bool): See :func:`convert_official`. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: State dict of the
        authors' model, and a report of each tensor.

    Raises:
        ConversionError: See :func:`apply_key_table`.

    Example:
        >>> state = load_checkpoint_file('best.pth')  # doctest: +SKIP
        >>> theirs, report = revert_official(state)  # doctest: +SKIP
    """
    state_dict, notes = unwrap_own(state_dict)
    rules = _rules(
        count_layers(state_dict),
        pretrain=any(n.startswith('task.mlm.') for n in state_dict),
        classifier='head.classifier.0.weight' in state_dict,
    )
    dropped = drop_rules({'task.vocabulary': ANSWERS}) + counter_rules()
    reverted, report = reverse_key_table(
        state_dict, rules, dropped, f'ClipBERT to {SOURCE}', strict
    )
    report.notes += notes
    return reverted, report
