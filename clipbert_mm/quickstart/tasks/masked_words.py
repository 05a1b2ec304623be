# Copyright (c) clipbert_mm contributors.
"""Masked words of a test, and how well they are guessed without images."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from mmaction.registry import DATASETS
from mmengine.registry import init_default_scope

from clipbert_mm.datasets.tokenizer import load_tokenizer


class MaskedWord(NamedTuple):
    """Masked word and its two neighbours."""

    before: str
    word: str
    after: str


def masked_words(cfg: dict) -> Iterator[MaskedWord]:
    """Yield the words that a test masks.

    Args:
        cfg (dict): Config of the test.

    Yields:
        MaskedWord: Each masked word, with its neighbours unmasked.
    """
    init_default_scope('mmaction')
    dataset = DATASETS.build(cfg['test_dataloader']['dataset'])
    tokenizer = load_tokenizer(cfg['model']['head']['tokenizer'])
    for number in range(len(dataset)):
        item = dataset[number]
        rows = zip(
            item['inputs']['input_ids'].tolist(),
            item['data_samples'].mlm_labels.tolist(),
        )
        for ids, labels in rows:
            text = tokenizer.convert_ids_to_tokens(
                [
                    i if label == -100 else label
                    for i, label in zip(ids, labels)
                ]
            )
            for place, label in enumerate(labels):
                if label != -100:
                    yield MaskedWord(*text[place - 1 : place + 2])


def text_baselines(
    captions: list[str], masked: list[MaskedWord]
) -> dict[str, float]:
    """Return the accuracy of guessing words without the image.

    Args:
        captions (list[str]): Captions of training.
        masked (list[MaskedWord]): Masked words of the test.

    Returns:
        dict[str, float]: Percent of two guesses: ``most frequent word`` of
        the captions, and ``most frequent between its neighbours``, which
        counts only words between the same two words.

    Example:
        >>> text_baselines(['a red ring'] * 2 + ['a blue box'],
        ...                [MaskedWord('a', 'red', 'ring')])
        {'most frequent word': 0.0, \
'most frequent between its neighbours': 100.0}
    """
    words: Counter = Counter()
    between: dict[tuple[str, str], Counter] = {}
    for caption in captions:
        text = ['[CLS]', *caption.split(), '[SEP]']
        words.update(text[1:-1])
        for before, word, after in zip(text, text[1:], text[2:]):
            between.setdefault((before, after), Counter())[word] += 1
    frequent = words.most_common(1)[0][0]
    hits = [word.word == frequent for word in masked]
    in_context = [
        between.get((word.before, word.after), words).most_common(1)[0][0]
        == word.word
        for word in masked
    ]
    return {
        'most frequent word': percent(hits),
        'most frequent between its neighbours': percent(in_context),
    }


def percent(hits: list[bool]) -> float:
    """Return the percentage of hits.

    Args:
        hits (list[bool]): Whether each guess is right.

    Returns:
        float: Percent.

    Example:
        >>> percent([True, False])
        50.0
    """
    return 100 * sum(hits) / len(hits)
