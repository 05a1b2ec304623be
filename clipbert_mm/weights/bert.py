# Copyright (c) clipbert_mm contributors.
"""Key table of Hugging Face's BERT checkpoints."""

from collections.abc import Collection, Mapping

from torch import Tensor

from clipbert_mm.utils.checks import check_choice

from .bert_keys import MLM_HEAD, PAIR_HEAD, bert_shapes, count_layers
from .conversion_report import ConversionReport
from .key_table import KeyRule, apply_key_table, unwrap_for_table
from .reverse_table import (
    TASK_HEAD,
    drop_rules,
    reverse_key_table,
    unwrap_own,
)

SOURCE = 'BERT checkpoint'

#: Treatments of the pretraining heads of BERT.
HEADS = ('drop', 'pretrain')

_NOT_ASKED = "a pretraining head; heads='pretrain' converts it"
_TIED = 'tied to another tensor, checked to be equal'
_INDEX = 'a constant list of positions, not a weight'

_NOTE = (
    'the file holds head.bert.* and, on request, the pretraining heads. Load '
    "it with head=dict(type='BertCrossModalHead', ..., "
    "init_cfg=dict(type='Pretrained', checkpoint=<the file>, "
    "prefix='head.')), or set head.bert to the BERT directory itself. The "
    'grid embedding is not part of BERT and starts newly initialised.'
)
_MLM_NOTE = (
    "load task.mlm.* with task=dict(type='PretrainTask', ..., "
    "init_cfg=dict(type='Pretrained', checkpoint=<the file>, "
    "prefix='task.'))."
)
_NOT_BERT = 'part of ClipBERT, not of BERT'
_PAIR_NOTE = (
    'head.classifier.* comes from next-sentence prediction, as in the '
    'reference. Label 0 means a true pair there and label 1 in ClipBERT, so '
    'the head learns the opposite in the first steps.'
)
_PAIR_NOTE_BACK = (
    'cls.seq_relationship comes from image-text matching. Label 1 means a '
    'true pair here and label 0 in next-sentence prediction.'
)


def bert_rules(names: Collection[str], heads: str = 'drop') -> list[KeyRule]:
    """Make the key table of a BERT checkpoint.

    The prefix ``bert.`` is optional, and LayerNorms may have the old names
    ``gamma`` and ``beta``, as in the published ``bert-base-uncased``.

    Args:
        names (Collection[str]): Names of the tensors of the checkpoint.
        heads (str): ``'drop'`` leaves the pretraining heads out,
            ``'pretrain'`` converts them for :class:`PretrainTask`. Defaults
            to ``'drop'``.

    Returns:
        list[KeyRule]: One rule for each required or optional name.

    Example:
        >>> bert_rules(['embeddings.LayerNorm.gamma'])[3].source
        'embeddings.LayerNorm.gamma'
    """
    return _rules(
        count_layers(names),
        prefix='bert.' if any(n.startswith('bert.') for n in names) else '',
        old=any(name.endswith('LayerNorm.gamma') for name in names),
        use_heads=heads == 'pretrain',
    )


def _rules(
    num_layers: int, prefix: str, old: bool, use_heads: bool
) -> list[KeyRule]:
    """Make the table for a prefix and for old or new names."""
    rules = [
        KeyRule(
            _layer_norm_name(f'{prefix}{name}', old),
            f'head.bert.{name}',
            shape,
        )
        for name, shape in bert_shapes(num_layers).items()
    ]
    rules.append(
        KeyRule(
            f'{prefix}embeddings.position_ids', reason=_INDEX, required=False
        )
    )
    return rules + _head_rules(prefix, old, use_heads)


def _layer_norm_name(name: str, old: bool) -> str:
    """Return the name of a tensor, in its old form if it is a LayerNorm's."""
    if not old:
        return name
    return name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace(
        'LayerNorm.bias', 'LayerNorm.beta'
    )


def _head_rules(prefix: str, old: bool, use: bool) -> list[KeyRule]:
    """List the rules of the two pretraining heads."""
    targets = {
        f'cls.predictions.{name}': (f'task.mlm.{name}', shape, True)
        for name, shape in MLM_HEAD.items()
    }
    # A masked language model is complete without the pair head.
    targets.update(
        {
            f'cls.seq_relationship.{name}': (
                f'head.classifier.{name}',
                shape,
                False,
            )
            for name, shape in PAIR_HEAD.items()
        }
    )
    rules = [
        KeyRule(
            _layer_norm_name(name, old),
            target if use else None,
            shape,
            reason='' if use else _NOT_ASKED,
            required=use and required,
        )
        for name, (target, shape, required) in targets.items()
    ]
    words = f'{prefix}embeddings.word_embeddings.weight'
    tied = {
        'cls.predictions.decoder.weight': words,
        'cls.predictions.decoder.bias': 'cls.predictions.bias',
    }
    return rules + [
        KeyRule(name, reason=_TIED, required=False, tied_to=twin)
        for name, twin in tied.items()
    ]


def convert_bert(
    state_dict: Mapping[str, Tensor],
    heads: str = 'drop',
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Convert a BERT checkpoint of Hugging Face.

    The reference matches names literally and would ignore the old names of
    LayerNorms.

    Args:
        state_dict (Mapping[str, Tensor]): Tensors of the checkpoint, from
            :func:`load_model_directory`.
        heads (str): ``'drop'`` or ``'pretrain'``, see :func:`bert_rules`.
            Defaults to ``'drop'``.
        strict (bool): Raise if any tensor is unknown, missing or of another
            shape. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: ``head.bert.*`` of
        :class:`ClipBERT`, with ``task.mlm.*`` and ``head.classifier.*`` on
        request, and a report of each tensor.

    Raises:
        ValueError: If ``heads`` is not one of the two.
        ConversionError: See :func:`apply_key_table`.

    Example:
        >>> state = load_model_directory('bert-base-uncased')  # doctest: +SKIP
        >>> new, report = convert_bert(state)  # doctest: +SKIP
    """
    check_choice('heads', heads, HEADS)
    state_dict, notes = unwrap_for_table(
        state_dict, lambda names: bert_rules(names, heads)
    )
    converted, report = apply_key_table(
        state_dict, bert_rules(state_dict, heads), SOURCE, strict
    )
    report.notes += [*notes, _NOTE]
    if 'task.mlm.bias' in converted:
        report.notes.append(_MLM_NOTE)
    if 'head.classifier.weight' in converted:
        report.notes.append(_PAIR_NOTE)
    return converted, report


def revert_bert(
    state_dict: Mapping[str, Tensor],
    heads: str = 'drop',
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Convert the BERT of a ClipBERT to the names of Hugging Face.

    Args:
        state_dict (Mapping[str, Tensor]): State dict of :class:`ClipBERT`.
        heads (str): ``'drop'`` makes a ``BertModel``. ``'pretrain'`` makes a
            ``BertForPreTraining`` and needs the weights of a model with
            :class:`PretrainTask`. Defaults to ``'drop'``.
        strict (bool): See :func:`convert_bert`. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: State dict for
        :func:`save_bert_directory`, and a report of each tensor.

    Raises:
        ValueError: If ``heads`` is not one of the two.
        ConversionError: See :func:`apply_key_table`.

    Example:
        >>> state = load_checkpoint_file('best.pth')  # doctest: +SKIP
        >>> theirs, report = revert_bert(state)  # doctest: +SKIP
    """
    check_choice('heads', heads, HEADS)
    state_dict, notes = unwrap_own(state_dict)
    use = heads == 'pretrain'
    rules = _rules(
        count_layers(state_dict), 'bert.' if use else '', False, use
    )
    if not use:  # a BertModel does not have the decoder either
        rules = [r for r in rules if not r.source.startswith('cls.')]
    dropped = {
        name: _NOT_BERT
        for name in ('backbone.*', 'neck.*', 'head.grid_embedding.*')
    }
    dropped.update({'head.classifier.*': TASK_HEAD, 'task.*': TASK_HEAD})
    reverted, report = reverse_key_table(
        state_dict, rules, drop_rules(dropped), f'ClipBERT to {SOURCE}', strict
    )
    report.notes += notes
    if use:
        report.notes.append(_PAIR_NOTE_BACK)
    return reverted, report
