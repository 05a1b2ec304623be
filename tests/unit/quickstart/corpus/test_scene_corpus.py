# Copyright (c) clipbert_mm contributors.
"""Tests of the corpus of scenes, on a small one that is really written."""

import json
from pathlib import Path

import av
import pytest
from PIL import Image

from clipbert_mm.quickstart.corpus import annotations
from clipbert_mm.quickstart.corpus import scene_corpus as corpora
from clipbert_mm.quickstart.corpus.scene_captions import read_caption

from .conftest import SCENES


def lines(corpus: Path, name: str) -> list[dict]:
    return annotations.read_lines(corpus / 'annotations' / f'{name}.jsonl')


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob('*')
        if path.is_file()
    }


@pytest.mark.slow
def test_generate__media_are_real_and_vary(scene_corpus: Path) -> None:
    found = set()
    for path in sorted((scene_corpus / 'videos').iterdir()):
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
        for path in (scene_corpus / 'images').iterdir()
    }
    assert formats == {'.jpg': 'JPEG', '.png': 'PNG'}


def test_generate__annotations_name_the_files(scene_corpus: Path) -> None:
    for split, folder, number in (
        ('images_train', 'images', 12),
        ('videos_train', 'videos', 12),
        ('gallery_test', 'videos', 9),
        ('images_test', 'images', 9),
    ):
        rows = lines(scene_corpus, split)
        stems = {path.stem for path in (scene_corpus / folder).iterdir()}
        names = [row['clip_name'] for row in rows]
        assert stems.issuperset(names)
        assert len(set(names)) == number
        assert len(rows) == number * (1 if split == 'gallery_test' else 3)
        assert [row['sen_id'] for row in rows] == list(range(len(rows)))


def test_generate__gallery_is_unseen(scene_corpus: Path) -> None:
    described = {
        split: {
            read_caption(row['caption']) for row in lines(scene_corpus, split)
        }
        for split in annotations.SPLITS
    }
    assert len(described['gallery_test']) == 9
    assert described['gallery_test'].isdisjoint(described['images_train'])
    assert described['gallery_test'].isdisjoint(described['videos_train'])
    assert described['images_test'] == described['gallery_test']


@pytest.mark.slow
def test_generate__same_seed_same_bytes(
    scene_corpus: Path, tmp_path: Path
) -> None:
    corpora.generate(tmp_path / 'again', SCENES, processes=1)
    assert contents(tmp_path / 'again') == contents(scene_corpus)


def test_generate__second_time_writes_nothing(scene_corpus: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in scene_corpus.rglob('*')}
    assert not corpora.generate(scene_corpus, SCENES)
    assert {p: p.stat().st_mtime_ns for p in scene_corpus.rglob('*')} == before


@pytest.mark.slow
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
        corpora.generate(tmp_path, SCENES)
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
