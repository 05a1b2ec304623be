# Copyright (c) clipbert_mm contributors.
"""Key table of Hugging Face's BERT checkpoints."""

from collections.abc import Collection, Mapping

from torch import Tensor

from .bert_keys import MLM_HEAD, PAIR_HEAD, bert_shapes, count_layers
from .conversion_report import ConversionReport
from .key_table import KeyRule, apply_key_table
from .reverse_table import TASK_HEAD, drop_rules, reverse_key_table

SOURCE = 'BERT checkpoint'

#: What may become of the pretraining heads of BERT.
HEADS = ('drop', 'pretrain')

_NOT_ASKED = "a pretraining head; heads='pretrain' would use it"
_TIED = 'tied to another tensor, checked to be equal'
_INDEX = 'a constant list of positions, no weight'

_NOTE = (
    'this holds head.bert.* and, on request, the pretraining heads. Load it '
    "with head=dict(type='BertCrossModalHead', ..., "
    "init_cfg=dict(type='Pretrained', checkpoint=<the file>, "
    "prefix='head.')), or let head.bert name the BERT directory itself. The "
    'grid embedding is not part of BERT and starts newly initialised.'
)
_MLM_NOTE = (
    "task.mlm.* is loaded with task=dict(type='PretrainTask', ..., "
    "init_cfg=dict(type='Pretrained', checkpoint=<the file>, "
    "prefix='task.'))."
)
_NOT_BERT = 'part of ClipBERT, not of BERT'
_PAIR_NOTE = (
    'head.classifier.* comes from next-sentence prediction, as in the '
    'reference. Its label 0 means a true pair, where ours is 1: the head '
    'learns the opposite in the first steps.'
)
_PAIR_NOTE_BACK = (
    'cls.seq_relationship comes from image-text matching. Its label 1 means a '
    'true pair, where that of next-sentence prediction is 0.'
)


def bert_rules(names: Collection[str], heads: str = 'drop') -> list[KeyRule]:
    """Make the key table of a BERT checkpoint.

    Names may begin with ``bert.`` or not, and LayerNorms may have the old
    names ``gamma`` and ``beta``, as in the published ``bert-base-uncased``.

    Args:
        names (Collection[str]): Names in the checkpoint.
        heads (str): ``'drop'`` leaves the heads out, ``'pretrain'`` takes
            them for :class:`PretrainTask`. Defaults to ``'drop'``.

    Returns:
        list[KeyRule]: One rule for each name that the checkpoint must or
        may have.

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
    """Make the table for a prefix and a generation of names."""
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
    """Give a LayerNorm the old names of its tensors."""
    if not old:
        return name
    return name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace(
        'LayerNorm.bias', 'LayerNorm.beta'
    )


def _head_rules(prefix: str, old: bool, use: bool) -> list[KeyRule]:
    """List the tensors of the two pretraining heads."""
    targets = {
        f'cls.predictions.{name}': (f'task.mlm.{name}', shape, True)
        for name, shape in MLM_HEAD.items()
    }
    # A masked language model without the pair head is a complete one.
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
    tied = {
        'cls.predictions.decoder.weight': f'{prefix}embeddings.word_embeddings.weight',
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

    The reference reads such files by equal names only, so that old
    LayerNorm names would be ignored.

    Args:
        state_dict (Mapping[str, Tensor]): The checkpoint, as
            :func:`load_model_directory` reads it.
        heads (str): ``'drop'`` or ``'pretrain'``, see :func:`bert_rules`.
            Defaults to ``'drop'``.
        strict (bool): Raise on any unknown, mis-shaped or missing tensor.
            Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: ``head.bert.*`` of
        :class:`ClipBERT`, with ``task.mlm.*`` and ``head.classifier.*`` on
        request, and what became of each tensor.

    Raises:
        ValueError: If ``heads`` is not one of the two.
        ConversionError: See :func:`apply_key_table`.

    Example:
        >>> state = load_model_directory('bert-base-uncased')  # doctest: +SKIP
        >>> new, report = convert_bert(state)  # doctest: +SKIP
    """
    _check_heads(heads)
    converted, report = apply_key_table(
        state_dict, bert_rules(state_dict, heads), SOURCE, strict
    )
    report.notes.append(_NOTE)
    if 'task.mlm.bias' in converted:
        report.notes.append(_MLM_NOTE)
    if 'head.classifier.weight' in converted:
        report.notes.append(_PAIR_NOTE)
    return converted, report


def _check_heads(heads: str) -> None:
    """Raise if ``heads`` is not one of the two."""
    if heads not in HEADS:
        raise ValueError(f'heads must be one of {HEADS}, but got {heads!r}.')


def revert_bert(
    state_dict: Mapping[str, Tensor],
    heads: str = 'drop',
    strict: bool = True,
) -> tuple[dict[str, Tensor], ConversionReport]:
    """Convert the BERT of a ClipBERT to the names of Hugging Face.

    Args:
        state_dict (Mapping[str, Tensor]): State dict of :class:`ClipBERT`.
        heads (str): ``'drop'`` gives a ``BertModel``; ``'pretrain'`` a
            ``BertForPreTraining``, of a model with :class:`PretrainTask`.
            Defaults to ``'drop'``.
        strict (bool): See :func:`convert_bert`. Defaults to True.

    Returns:
        tuple[dict[str, Tensor], ConversionReport]: The state dict, which
        :func:`save_bert_directory` writes, and what became of each tensor.

    Raises:
        ValueError: If ``heads`` is not one of the two.
        ConversionError: See :func:`apply_key_table`.

    Example:
        >>> state = load_checkpoint_file('best.pth')  # doctest: +SKIP
        >>> theirs, report = revert_bert(state)  # doctest: +SKIP
    """
    _check_heads(heads)
    use = heads == 'pretrain'
    rules = _rules(
        count_layers(state_dict), 'bert.' if use else '', False, use
    )
    if not use:  # a BertModel has no decoder either
        rules = [r for r in rules if not r.source.startswith('cls.')]
    dropped = {
        name: _NOT_BERT
        for name in ('backbone.*', 'neck.*', 'head.grid_embedding.*')
    }
    dropped.update({'head.classifier.*': TASK_HEAD, 'task.*': TASK_HEAD})
    reverted, report = reverse_key_table(
        state_dict, rules, drop_rules(dropped), f'ClipBERT to {SOURCE}', strict
    )
    if use:
        report.notes.append(_PAIR_NOTE_BACK)
    return reverted, report
