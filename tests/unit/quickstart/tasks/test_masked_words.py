# Copyright (c) clipbert_mm contributors.
"""Tests of guessing masked words without the image."""

from pathlib import Path

import pytest

from clipbert_mm.quickstart.configs import stage_config
from clipbert_mm.quickstart.corpus.annotations import read_lines
from clipbert_mm.quickstart.corpus.scene_corpus import CorpusSettings, generate
from clipbert_mm.quickstart.options import parse_args
from clipbert_mm.quickstart.tasks import masked_words
from clipbert_mm.quickstart.tasks.pretrain import own_captions


@pytest.mark.slow
def test_masked_words__are_those_of_the_test_captions(tmp_path: Path) -> None:
    corpus = tmp_path / 'corpus'
    generate(corpus, CorpusSettings(images=80, videos=1, gallery=3), 1)
    args = parse_args(['--task', 'pretrain', '--work-dir', str(tmp_path)])
    cfg = own_captions(stage_config('pretrain', args))
    found = list(masked_words.masked_words(cfg))
    rows = read_lines(corpus / 'annotations' / 'images_test.jsonl')
    captions = [f'[CLS] {row["caption"]} [SEP]' for row in rows]
    assert len(found) >= len(captions)  # at least one of each
    for word in found:
        assert any(' '.join(word) in caption for caption in captions), word


def test_text_baselines__by_hand() -> None:
    captions = ['a red ring', 'a red box', 'a blue ring', 'a red ring', 'a']
    masked = [
        masked_words.MaskedWord(
            '[CLS]', 'a', 'red'
        ),  # most frequent, and alone
        masked_words.MaskedWord('a', 'blue', 'ring'),  # red is more frequent
        masked_words.MaskedWord(
            'red', 'box', '[SEP]'
        ),  # ring is more frequent
        masked_words.MaskedWord('a', 'red', 'box'),
    ]
    found = masked_words.text_baselines(captions, masked)
    assert found == {
        'most frequent word': 25.0,
        'most frequent between its neighbours': 50.0,
    }
