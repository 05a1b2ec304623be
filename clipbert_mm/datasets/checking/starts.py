# Copyright (c) clipbert_mm contributors.
"""Checks of the files that the model of a config starts from.

No model is built, and weights are not loaded where their names can be read
without.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from clipbert_mm.utils.weight_names import strip_wrappers

from .bert_files import check_bert
from .checkpoint_names import examples, read_names
from .report import CheckReport

PARTS = ('backbone', 'neck', 'head', 'task')
_CONVERT = 'Convert it with `python tools/convert_weights.py`'
# A tensor that every file of a type of backbone has.
_OF_BACKBONES = {'ResNet50Grid': 'stem.conv1.weight'}


def check_starts(
    cfg: Mapping[str, Any], report: CheckReport, training: bool
) -> None:
    """Check the checkpoints, BERT and tokenizer of a model.

    Args:
        cfg (Mapping[str, Any]): The config.
        report (CheckReport): Report that gets problems and notes.
        training (bool): Whether the training is checked, which alone reads
            ``load_from`` and the files of ``init_cfg``.
    """
    model = cfg.get('model') or {}
    whole = cfg.get('load_from')
    if training and whole is not None:
        reason = _against_whole(str(whole), model)
        if reason:
            report.problem(None, 'load_from', reason)
    for part, options in _parts(model):
        for init in _initialisers(options) if training else ():
            if whole is not None and part in ('backbone', 'neck'):
                continue  # tools/train.py does not read it then
            reason = _against_part(init, part, options.get('type'))
            if reason:
                report.problem(None, f'init_cfg of model.{part}', reason)
    head = model.get('head') or {}
    if 'bert' in head:
        check_bert(head, report)


def _parts(model: Mapping[str, Any]) -> Iterator[tuple[str, Mapping]]:
    for part in PARTS:
        options = model.get(part)
        if isinstance(options, Mapping):
            yield part, options


def _initialisers(options: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the initialisers of a part that read a file."""
    given = options.get('init_cfg') or []
    several = [given] if isinstance(given, Mapping) else given
    return [i for i in several if i.get('type') == 'Pretrained']


def _against_whole(path: str, model: Mapping[str, Any]) -> str | None:
    """Return why a run cannot load a checkpoint of a whole model."""
    names, reason = read_names(path)
    if names is None:
        return reason
    missing = [
        part
        for part in ('backbone', 'neck', 'head')
        if model.get(part) is not None
        and not any(n.startswith(f'{part}.') for n in names)
    ]
    if missing:
        return (
            f'{path!r} is no checkpoint of ClipBERT: it has no tensors of '
            f'{missing}, but such as {examples(names)}. {_CONVERT}, or set '
            'init_cfg of a part instead of load_from.'
        )
    return None


def _against_part(init: Mapping[str, Any], part: str, kind: Any) -> str | None:
    """Return why a part cannot start from a file."""
    path = str(init.get('checkpoint'))
    names, reason = read_names(path)
    if names is None:
        return reason
    prefix = init.get('prefix')
    if prefix:
        # The names have lost the parts of wrappers, which may begin it.
        start = strip_wrappers(f'{str(prefix).rstrip(".")}.*')[:-1]
        own = [n.removeprefix(start) for n in names if n.startswith(start)]
        if not own:
            return (
                f'{path!r} has no tensors under the prefix {prefix!r}, but '
                f'such as {examples(names)}. {_CONVERT}, or correct prefix.'
            )
    else:
        own = list(names)
    expected = _OF_BACKBONES.get(str(kind))
    if part == 'backbone' and expected is not None and expected not in own:
        return (
            f'{path!r} is no checkpoint of {kind}: it has no {expected!r}, '
            f'but tensors such as {examples(own)}. {_CONVERT}.'
        )
    return None
