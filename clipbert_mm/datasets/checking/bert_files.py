# Copyright (c) clipbert_mm contributors.
"""Check of the BERT and the tokenizer that a head starts from."""

import json
import os.path as osp
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download

from clipbert_mm.datasets.tokenizer import load_tokenizer
from clipbert_mm.utils.error_text import describe
from clipbert_mm.utils.file_heads import (
    HEAD_BYTES,
    decode_text,
    find_placeholder,
)

from .checkpoint_names import examples, read_names
from .report import CheckReport

DEFAULT_SIZE = 30522  # tokens, of transformers' BertConfig
BERT_WEIGHTS = (
    'model.safetensors',
    'pytorch_model.bin',
    'model.safetensors.index.json',
    'pytorch_model.bin.index.json',
)


def check_bert(head: Mapping[str, Any], report: CheckReport) -> None:
    """Check the folder of BERT, and its vocabulary against the tokenizer's.

    Args:
        head (Mapping[str, Any]): Config of the head, with ``bert``.
        report (CheckReport): Report that gets the problems.
    """
    bert = head['bert']
    kind = 'head.bert'
    if isinstance(bert, Mapping):
        size = bert.get('vocab_size', DEFAULT_SIZE)
    else:
        options, reason = _read_bert(str(bert))
        if options is None:
            report.problem(None, kind, str(reason))
            return
        if osp.isdir(bert):
            reason = _against_weights(Path(bert))
            if reason is not None:
                report.problem(None, kind, reason)
        size = options.get('vocab_size', DEFAULT_SIZE)
    tokenizer = head.get('tokenizer')
    if tokenizer is None or any(
        p.kind == 'tokenizer' for p in report.problems
    ):
        return  # that of the dataset, usually the same, cannot be loaded
    try:
        found = load_tokenizer(tokenizer).vocab_size
    except Exception as error:  # damaged files raise many kinds
        report.problem(None, 'head.tokenizer', describe(error))
        return
    if found != size:
        report.problem(
            None,
            'head.tokenizer',
            f'tokenizer={tokenizer!r} has {found} tokens, but BERT '
            f'{bert!r:.80} has embeddings of {size}. Choose the tokenizer of '
            'this BERT.',
        )


def _read_bert(bert: str) -> tuple[dict | None, str | None]:
    """Return the configuration of a BERT, or the reason why there is none."""
    path = osp.join(bert, 'config.json')
    if not osp.isdir(bert):
        try:
            path = hf_hub_download(bert, 'config.json')
        except Exception as error:  # the hub's client raises many kinds
            return None, (
                f'{bert!r} is neither a local folder nor a name that could '
                f'be found on the Hugging Face hub ({describe(error)}). '
                'Pass the folder of a BERT: `--cfg-options bert=FOLDER '
                'tokenizer=FOLDER`.'
            )
    elif not osp.isfile(path):
        return None, (
            f'{bert!r} has no config.json. Pass the folder of a BERT model.'
        )
    content = Path(path).read_bytes()
    try:
        options = json.loads(content)
        model_type = options.get('model_type', 'bert')  # older files lack it
    except (ValueError, AttributeError) as error:
        found = find_placeholder(decode_text(content[:HEAD_BYTES]) or '')
        reason = f'it is {found.name}' if found else describe(error)
        return None, f'{path!r} is no configuration of a model: {reason}.'
    if model_type != 'bert':
        return None, (
            f'{bert!r} holds a model of type {model_type!r}, but ClipBERT '
            "needs 'bert'."
        )
    return options, None


def _against_weights(folder: Path) -> str | None:
    """Return why the weights in a folder of BERT cannot be used."""
    found = [name for name in BERT_WEIGHTS if (folder / name).is_file()]
    if not found:
        return (
            f'{str(folder)!r} has no weights, none of {list(BERT_WEIGHTS)}. '
            'Copy them there.'
        )
    if found[0].endswith('.json'):
        return None  # in several files
    names, reason = read_names(str(folder / found[0]))
    if names is None:
        return reason
    if not any('word_embeddings' in name for name in names):
        return (
            f'{str(folder / found[0])!r} is no BERT: it has no '
            f"'word_embeddings', but tensors such as {examples(names)}."
        )
    return None
