# Copyright (c) clipbert_mm contributors.
"""Texts of the quickstart's corpus: captions, negatives, vocabulary."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .scene_captions import captions, read_caption
from .scenes import Combination, neighbours

SPLITS = ('images_train', 'videos_train', 'gallery_test', 'images_test')
TRAINING = SPLITS[:2]
SPECIAL_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')


class Item(NamedTuple):
    """Media file to write; its contents follow from ``seed`` alone."""

    path: Path
    combination: Combination
    seed: tuple[int, int, int]


def write_annotations(
    root: Path, plan: dict[str, list[Item]], captions_per_item: int
) -> None:
    """Write captions, one-attribute negatives and the vocabulary.

    Args:
        root (Path): Folder of the corpus.
        plan (dict[str, list[Item]]): Items of every split.
        captions_per_item (int): Number of captions of each training item; a
            video of the gallery has one.
    """
    words: set[str] = set()
    for split in SPLITS:
        rows: list[dict] = []
        described = []
        for item in plan[split]:
            kind = 'image' if split.startswith('images') else 'video'
            number = 1 if split == 'gallery_test' else captions_per_item
            for caption in describe_item(item, kind, number):
                rows.append(
                    dict(
                        caption=caption,
                        clip_name=item.path.stem,
                        sen_id=len(rows),
                    )
                )
                described.append(item.combination)
        write_lines(root / 'annotations' / f'{split}.jsonl', rows)
        if split in TRAINING:
            words.update(w for row in rows for w in row['caption'].split())
            write_lines(
                root / 'annotations' / f'{split}_negatives.jsonl',
                one_attribute_negatives(described),
            )
    (root / 'tokenizer' / 'vocab.txt').write_text(
        '\n'.join(vocabulary(words)) + '\n', encoding='utf-8'
    )


def describe_item(item: Item, kind: str, number: int) -> list[str]:
    """Describe a file; the words follow from its seed.

    Args:
        item (Item): The file.
        kind (str): ``'image'`` or ``'video'``.
        number (int): Number of captions; see :func:`captions`.

    Returns:
        list[str]: The captions.
    """
    rng = np.random.default_rng((*item.seed, 1))
    return captions(item.combination, kind, number, rng)


def one_attribute_negatives(described: list[Combination]) -> list[dict]:
    """Return captions that differ from each caption in one attribute.

    Args:
        described (list[Combination]): Combination that each caption describes;
            ``sen_id`` is its index.

    Returns:
        list[dict]: Rows ``{"sen_id", "negatives": [sen_id, ...]}``, with one
        caption of every training combination that is one attribute away.
    """
    rng = np.random.default_rng(0)  # chooses among a combination's captions
    sen_ids = defaultdict(list)
    for sen_id, combination in enumerate(described):
        sen_ids[combination].append(sen_id)
    near = {
        combination: [c for c in neighbours(combination) if c in sen_ids]
        for combination in sen_ids
    }
    return [
        dict(
            sen_id=sen_id,
            negatives=[
                sen_ids[other][rng.integers(len(sen_ids[other]))]
                for other in near[combination]
            ],
        )
        for sen_id, combination in enumerate(described)
    ]


def vocabulary(words: Iterable[str]) -> list[str]:
    """Return a WordPiece vocabulary: special tokens, words, characters.

    Every letter and digit is a piece, at the start of a word and inside it,
    so that no lower-case word of a query is unknown.

    Args:
        words (Iterable[str]): Words of the corpus, without duplicates.

    Returns:
        list[str]: The pieces, each once.

    Example:
        >>> vocabulary(['ring'])[:6]
        ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'ring']
    """
    characters = [chr(c) for c in (*range(97, 123), *range(48, 58))]
    pieces = [*SPECIAL_TOKENS, *sorted(words), *characters, ',', '.', '-']
    pieces += [f'##{c}' for c in characters]
    return list(dict.fromkeys(pieces))  # 'a' is a word and a character


def check_generalisation(root: Path) -> None:
    """Raise unless the written captions of the tests are unseen in training.

    Args:
        root (Path): Folder of the corpus.

    Raises:
        ValueError: If a training caption describes a combination of the
            gallery or of the test images, or two gallery videos share one.
    """
    described = {
        split: [
            read_caption(row['caption'])
            for row in read_lines(root / 'annotations' / f'{split}.jsonl')
        ]
        for split in SPLITS
    }
    gallery = set(described['gallery_test'])
    if len(gallery) != len(described['gallery_test']):
        raise ValueError(
            f'Two gallery videos in {root} have the same attributes. Delete '
            'the folder and write it again.'
        )
    tested = gallery.union(described['images_test'])
    for split in TRAINING:
        seen = tested.intersection(described[split])
        if seen:
            raise ValueError(
                f'{len(seen)} combinations of the gallery or the test images '
                f'occur in {split} of {root}, e.g. {sorted(seen)[0]}. Delete '
                'the folder and write it again.'
            )


def write_lines(path: Path, rows: list[dict]) -> None:
    """Write rows as JSON lines.

    Args:
        path (Path): File to write.
        rows (list[dict]): The rows.
    """
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(json.dumps(row) + '\n' for row in rows)


def read_lines(path: str | Path) -> list[dict]:
    """Return the rows of a file of JSON lines.

    Args:
        path (str | Path): The file.

    Returns:
        list[dict]: The rows.
    """
    with open(path, encoding='utf-8') as lines:
        return [json.loads(line) for line in lines]
