# Copyright (c) clipbert_mm contributors.
"""Tests of captions, negatives and vocabulary of the scenes."""

from pathlib import Path

import numpy as np
import pytest

from clipbert_mm.datasets.tokenizer import load_tokenizer
from clipbert_mm.quickstart.corpus import annotations, scenes
from clipbert_mm.quickstart.corpus.scene_captions import captions

RED_SQUARE = scenes.Combination('red', 'square', 'black', 'large', 'left')


def lines(corpus: Path, name: str) -> list[dict]:
    return annotations.read_lines(corpus / 'annotations' / f'{name}.jsonl')


@pytest.mark.parametrize('split', ['images_train', 'videos_train'])
def test_check_generalisation__leak(tmp_path: Path, split: str) -> None:
    def rows(*combinations):
        rng = np.random.default_rng(0)
        return [
            dict(caption=captions(c, 'video', 1, rng)[0]) for c in combinations
        ]

    near = scenes.neighbours(RED_SQUARE)
    (tmp_path / 'annotations').mkdir()
    written = dict(
        images_train=rows(near[0]),
        videos_train=rows(near[1]),
        gallery_test=rows(near[3], near[2]),
        images_test=rows(RED_SQUARE),
    )
    for name, value in written.items():
        annotations.write_lines(
            tmp_path / 'annotations' / f'{name}.jsonl', value
        )
    annotations.check_generalisation(tmp_path)
    annotations.write_lines(
        tmp_path / 'annotations' / f'{split}.jsonl',
        written[split] + rows(RED_SQUARE),
    )
    with pytest.raises(ValueError, match=f'1 combinations .* {split}'):
        annotations.check_generalisation(tmp_path)


def test_negatives__one_attribute_away(tmp_path: Path) -> None:
    described = scenes.all_combinations()[:40] * 2
    found = annotations.one_attribute_negatives(described)
    assert [row['sen_id'] for row in found] == list(range(80))
    for row in found:
        own = described[row['sen_id']]
        others = {described[i] for i in row['negatives']}
        assert others == set(scenes.neighbours(own)) & set(described)
        assert len(row['negatives']) == len(others)


@pytest.mark.slow
def test_vocabulary__nothing_is_unknown(scene_corpus: Path) -> None:
    tokenizer = load_tokenizer(str(scene_corpus / 'tokenizer'))
    trained = {
        word
        for split in annotations.SPLITS[:2]
        for row in lines(scene_corpus, split)
        for word in row['caption'].split()
    }
    for word in trained:
        assert tokenizer.tokenize(word) == [word]
    assert tokenizer.tokenize('zebra') == ['z', '##e', '##b', '##r', '##a']
    queries = [row['caption'] for row in lines(scene_corpus, 'gallery_test')]
    for query in (*queries, 'Two zebras, 14 giraffes - jumping'):
        assert tokenizer.unk_token_id not in tokenizer(query)['input_ids']
