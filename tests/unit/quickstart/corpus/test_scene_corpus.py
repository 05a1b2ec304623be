# Copyright (c) clipbert_mm contributors.
"""Tests of the quickstart's corpus, on a small one that is really written."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from clipbert_mm.datasets.tokenizer import load_tokenizer
from clipbert_mm.quickstart.corpus import annotations, scenes
from clipbert_mm.quickstart.corpus import scene_corpus as corpora

SMALL = corpora.CorpusSettings(seed=3, images=12, videos=12, gallery=9)
RED_SQUARE = scenes.Combination('red', 'square', 'black', 'large', 'left')


@pytest.fixture(scope='module')
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('corpus')
    assert corpora.generate(root, SMALL)
    return root


def lines(corpus: Path, name: str) -> list[dict]:
    return annotations.read_lines(corpus / 'annotations' / f'{name}.jsonl')


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob('*')
        if path.is_file()
    }


def test_scenes__combinations_and_neighbours() -> None:
    combinations = scenes.all_combinations()
    assert len(set(combinations)) == 6 * 5 * 4 * 2 * 3
    near = scenes.neighbours(RED_SQUARE)
    assert len(set(near)) == 5 + 4 + 3 + 1 + 2
    for other in near:
        assert sum(a != b for a, b in zip(other, RED_SQUARE)) == 1


@pytest.mark.parametrize('kind', ['image', 'video'])
def test_captions__tell_all_attributes_in_different_wordings(kind) -> None:
    rng = np.random.default_rng(0)
    for combination in scenes.all_combinations():
        described = scenes.captions(combination, kind, 3, rng)
        assert len(set(described)) == 3
        assert {scenes.read_caption(caption) for caption in described} == {
            combination
        }


def test_captions__more_than_templates() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r'in \[1, 4\], .* but got 7'):
        scenes.captions(RED_SQUARE, 'image', 7, rng)


@pytest.mark.parametrize(
    'caption',
    [
        'a red square on black at the left',
        'a large red square on black at the left of the right',
    ],
)
def test_read_caption__attribute_missing_or_told_twice(caption) -> None:
    with pytest.raises(ValueError, match='must name one (size|place)'):
        scenes.read_caption(caption)


@pytest.mark.parametrize('shape', scenes.SHAPES)
def test_frames__shape_is_where_and_what_the_caption_says(shape) -> None:
    combination = RED_SQUARE._replace(shape=shape)
    rng = np.random.default_rng(0)
    look = scenes.Look(
        96, 96, 'plain', (0, 0, 0), scale=1.0, phase=0.0, speed=2.0
    )
    images = list(scenes.frames(combination, look, rng, [0.0, 0.5]))
    # Of a large shape, whose radius is 0.27 of the image.
    height = dict(square=1.7, triangle=1.8).get(shape, 2.0) * 0.27
    middles = []
    for image in images:
        red = image[..., 0] > 150
        rows, columns = np.nonzero(red)
        middles.append(rows.mean())
        assert columns.mean() / 96 == pytest.approx(0.25, abs=0.03)
        assert np.ptp(rows) / 96 == pytest.approx(height, abs=0.03)
        assert image[~red].mean(0) == pytest.approx((14, 14, 14), abs=3)
    assert abs(middles[0] - middles[1]) > 5  # it moves


def test_generate__media_are_real_and_vary(corpus: Path) -> None:
    found = set()
    for path in sorted((corpus / 'videos').iterdir()):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert stream.codec_context.name == 'h264'
            number = sum(1 for _ in container.decode(stream))
            assert number >= 2
            found.add(
                (stream.average_rate, stream.width, stream.height, number)
            )
    for values in zip(*found):  # rates, widths, heights, lengths
        assert len(set(values)) >= 3
    formats = {
        path.suffix: Image.open(path).format
        for path in (corpus / 'images').iterdir()
    }
    assert formats == {'.jpg': 'JPEG', '.png': 'PNG'}


def test_generate__annotations_name_the_files(corpus: Path) -> None:
    for split, folder, number in (
        ('images_train', 'images', 12),
        ('videos_train', 'videos', 12),
        ('gallery_test', 'videos', 9),
        ('images_test', 'images', 9),
    ):
        rows = lines(corpus, split)
        stems = {path.stem for path in (corpus / folder).iterdir()}
        names = [row['clip_name'] for row in rows]
        assert stems.issuperset(names)
        assert len(set(names)) == number
        assert len(rows) == number * (1 if split == 'gallery_test' else 3)
        assert [row['sen_id'] for row in rows] == list(range(len(rows)))


def test_generate__gallery_is_unseen(corpus: Path) -> None:
    described = {
        split: {
            scenes.read_caption(row['caption']) for row in lines(corpus, split)
        }
        for split in annotations.SPLITS
    }
    assert len(described['gallery_test']) == 9
    assert described['gallery_test'].isdisjoint(described['images_train'])
    assert described['gallery_test'].isdisjoint(described['videos_train'])
    assert described['images_test'] == described['gallery_test']


@pytest.mark.parametrize('split', ['images_train', 'videos_train'])
def test_check_generalisation__leak(tmp_path: Path, split: str) -> None:
    def rows(*combinations):
        rng = np.random.default_rng(0)
        return [
            dict(caption=scenes.captions(c, 'video', 1, rng)[0])
            for c in combinations
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


def test_vocabulary__nothing_is_unknown(corpus: Path) -> None:
    tokenizer = load_tokenizer(str(corpus / 'tokenizer'))
    trained = {
        word
        for split in annotations.SPLITS[:2]
        for row in lines(corpus, split)
        for word in row['caption'].split()
    }
    for word in trained:
        assert tokenizer.tokenize(word) == [word]
    assert tokenizer.tokenize('zebra') == ['z', '##e', '##b', '##r', '##a']
    queries = [row['caption'] for row in lines(corpus, 'gallery_test')]
    for query in (*queries, 'Two zebras, 14 giraffes - jumping'):
        assert tokenizer.unk_token_id not in tokenizer(query)['input_ids']


def test_generate__same_seed_same_bytes(corpus: Path, tmp_path: Path) -> None:
    corpora.generate(tmp_path / 'again', SMALL, processes=1)
    assert contents(tmp_path / 'again') == contents(corpus)


def test_generate__second_time_writes_nothing(corpus: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in corpus.rglob('*')}
    assert not corpora.generate(corpus, SMALL)
    assert {p: p.stat().st_mtime_ns for p in corpus.rglob('*')} == before


def test_generate__other_settings_or_unfinished(tmp_path: Path) -> None:
    tiny = corpora.CorpusSettings(images=1, videos=1, gallery=1)
    assert corpora.generate(tmp_path, tiny, 1)
    stamp = json.loads((tmp_path / 'corpus.json').read_text())
    (tmp_path / 'corpus.json').write_text(
        json.dumps(dict(stamp, complete=False))
    )
    assert corpora.generate(tmp_path, tiny, 1)
    more = corpora.CorpusSettings(seed=1, images=2, videos=1, gallery=1)
    assert corpora.generate(tmp_path, more, 1)
    assert sorted(p.stem for p in (tmp_path / 'images').iterdir()) == [
        'image00000',
        'image00001',
        'unseen000',
    ]


def test_generate__folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / 'thesis.txt').write_text('all of it')
    with pytest.raises(ValueError, match='neither empty nor a corpus'):
        corpora.generate(tmp_path, SMALL)
    assert (tmp_path / 'thesis.txt').read_text() == 'all of it'


@pytest.mark.parametrize(
    'option, value',
    [
        ('images', 0),
        ('gallery', 361),
        ('captions_per_item', 7),
        ('seed', -1),
    ],
)
def test_settings__out_of_range(option: str, value: int) -> None:
    with pytest.raises(ValueError, match=f'{option} must be .* got {value}'):
        corpora.CorpusSettings(**{option: value})
