# Copyright (c) clipbert_mm contributors.
"""The texts of the quickstart's corpus: captions, negatives, vocabulary."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .scenes import Combination, captions, neighbours, read_caption

SPLITS = ('images_train', 'videos_train', 'gallery_test', 'images_test')
TRAINING = SPLITS[:2]
SPECIAL_TOKENS = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')


class Item(NamedTuple):
    """One media file to write; its randomness is ``seed`` alone."""

    path: Path
    combination: Combination
    seed: tuple[int, int, int]


def write_annotations(
    root: Path, plan: dict[str, list[Item]], captions_per_item: int
) -> None:
    """Write captions, one-attribute negatives and the vocabulary.

    Args:
        root (Path): Of the corpus.
        plan (dict[str, list[Item]]): The items of every split.
        captions_per_item (int): In training; a video of the gallery has one.
    """
    words: set[str] = set()
    for split in SPLITS:
        rows, told = [], []
        for item in plan[split]:
            kind = 'image' if split.startswith('images') else 'video'
            number = 1 if split == 'gallery_test' else captions_per_item
            rng = np.random.default_rng((*item.seed, 1))
            for caption in captions(item.combination, kind, number, rng):
                rows.append(
                    dict(
                        caption=caption,
                        clip_name=item.path.stem,
                        sen_id=len(rows),
                    )
                )
                told.append(item.combination)
        write_lines(root / 'annotations' / f'{split}.jsonl', rows)
        if split in TRAINING:
            words.update(w for row in rows for w in row['caption'].split())
            write_lines(
                root / 'annotations' / f'{split}_negatives.jsonl',
                one_attribute_negatives(told),
            )
    (root / 'tokenizer' / 'vocab.txt').write_text(
        '\n'.join(vocabulary(words)) + '\n', encoding='utf-8'
    )


def one_attribute_negatives(told: list[Combination]) -> list[dict]:
    """For each caption, others that are wrong in exactly one attribute.

    Args:
        told (list[Combination]): What caption ``sen_id`` tells.

    Returns:
        list[dict]: ``{"sen_id", "negatives": [sen_id, ...]}``, one caption of
        every combination that is one attribute away and occurs in training.
    """
    rng = np.random.default_rng(0)  # chooses among a combination's captions
    sen_ids = defaultdict(list)
    for sen_id, combination in enumerate(told):
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
        for sen_id, combination in enumerate(told)
    ]


def vocabulary(words: Iterable[str]) -> list[str]:
    """WordPiece vocabulary: special tokens, whole words, single characters.

    With every letter and digit as a piece, first or inner, no lower-case
    word of a query is unknown.
    """
    characters = [chr(c) for c in (*range(97, 123), *range(48, 58))]
    pieces = [*SPECIAL_TOKENS, *sorted(words), *characters, ',', '.', '-']
    pieces += [f'##{c}' for c in characters]
    return list(dict.fromkeys(pieces))  # 'a' is a word and a character


def check_generalisation(root: Path) -> None:
    """Make sure from the written captions that what is tested is unseen.

    Raises:
        ValueError: If a combination of the gallery or of the test images is
            in a training caption, or two gallery videos share one.
    """
    told = {
        split: [
            read_caption(row['caption'])
            for row in read_lines(root / 'annotations' / f'{split}.jsonl')
        ]
        for split in SPLITS
    }
    gallery = set(told['gallery_test'])
    if len(gallery) != len(told['gallery_test']):
        raise ValueError(
            'two gallery videos have the same attributes in '
            f'{root}: delete the folder and write it again.'
        )
    tested = gallery.union(told['images_test'])
    for split in TRAINING:
        seen = tested.intersection(told[split])
        if seen:
            raise ValueError(
                f'{len(seen)} combinations of the gallery or the test images '
                f'occur in {split} of {root}, e.g. {sorted(seen)[0]}: delete '
                'the folder and write it again.'
            )


def write_lines(path: Path, rows: list[dict]) -> None:
    """Write JSON lines."""
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(json.dumps(row) + '\n' for row in rows)


def read_lines(path: 'str | Path') -> list[dict]:
    """Read JSON lines."""
    with open(path, encoding='utf-8') as lines:
        return [json.loads(line) for line in lines]
