# Copyright (c) clipbert_mm contributors.
"""Texts and labels of an item as a model is fed them, as lines of text."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmaction.structures import ActionDataSample

from clipbert_mm.datasets.decoded_texts import find_tokenizer, show_tokens
from clipbert_mm.datasets.transforms.mask_tokens import IGNORED_LABEL

from .clip_sheet import Line, note
from .contact_sheet import INK, RIGHT

_MOST = 160  # characters of a value


def item_lines(item: dict, dataset: Any) -> list[Line]:
    """Return what an item holds besides its frames.

    Args:
        item (dict): Packed item.
        dataset (Any): Dataset that it comes from.

    Returns:
        list[Line]: Each text token by token, green if it matches or is the
        right option, and every label and other value of the data sample.

    Raises:
        ValueError: If the dataset tokenises no texts.
    """
    inputs, sample = item['inputs'], item['data_samples']
    tokenizer = find_tokenizer(dataset)
    if 'input_ids' in inputs:
        texts = show_tokens(
            tokenizer,
            inputs['input_ids'],
            inputs['attention_mask'],
            sample.get('mlm_labels'),
        )
        lines = _text_lines(texts, sample)
    else:
        bank = dataset.caption_bank()
        own = list(sample.own_text_inds)
        texts = show_tokens(
            tokenizer, bank['input_ids'][own], bank['attention_mask'][own]
        )
        lines = [
            note(f'scored with all {len(bank["input_ids"])} texts; its own:'),
            *(Line(f'{i}.  {text}', RIGHT) for i, text in zip(own, texts)),
        ]
    vocabulary = _vocabulary(dataset)
    return lines + [
        note(f'{name}: {_describe(name, value, vocabulary)}')
        for name, value in sorted(sample.items())
    ]


def _text_lines(texts: Sequence[str], sample: ActionDataSample) -> list[Line]:
    """Return a line for each text of an item, with its label."""
    labels = [''] * len(texts)
    if 'text_labels' in sample:
        labels = [
            'match' if label == 1 else 'no match'
            for label in np.asarray(sample.text_labels)
        ]
    elif 'answer_labels' in sample:
        answers = np.asarray(sample.answer_labels)
        num_options = len(texts) // len(answers)
        if num_options > 1:
            for question, label in enumerate(answers.tolist()):
                labels[question * num_options + label] = 'right'
    return [
        Line(
            f'{i}.  {text}' + (f'  ({label})' if label else ''),
            RIGHT if label in ('match', 'right') else INK,
        )
        for i, (text, label) in enumerate(zip(texts, labels))
    ]


def _vocabulary(dataset: Any) -> list[str] | None:
    """Return the answers of a dataset, or of the first member of several."""
    (first, *_) = getattr(dataset, 'datasets', [dataset])
    return getattr(first, 'vocabulary', None)


def _describe(name: str, value: Any, vocabulary: list[str] | None) -> str:
    """Return a value of a data sample; labels with what they stand for."""
    if name == 'mlm_labels':
        count = int((np.asarray(value) != IGNORED_LABEL).sum())
        return f'{count} tokens to predict'
    if name == 'answer_labels' and vocabulary is not None:
        return ', '.join(
            f'{label} = '
            + (vocabulary[label] if label >= 0 else 'not in the vocabulary')
            for label in np.asarray(value).tolist()
        )
    if name == 'soft_labels' and vocabulary is not None:
        return '; '.join(
            ', '.join(f'{vocabulary[i]} {row[i]:g}' for i in row.nonzero()[0])
            or 'none'
            for row in np.asarray(value)
        )
    shown = str(value.tolist() if hasattr(value, 'tolist') else value)
    return shown if len(shown) <= _MOST else f'{shown[:_MOST]}...'
