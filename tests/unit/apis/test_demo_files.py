# Copyright (c) clipbert_mm contributors.
"""Tests of the models and videos that come with the package."""

from pathlib import Path

import pytest

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.apis.demo_files import demo_model, demo_rows, demo_videos


@pytest.mark.parametrize('name', ['', 'retrieval', None])
def test_demo_videos__unknown(name: str) -> None:
    with pytest.raises(
        ValueError, match=r"^model must be one of \('demo', 'demo-qa'\), but"
    ):
        demo_videos(name)


@pytest.mark.parametrize('name, number', [('demo', 24), ('demo-qa', 8)])
def test_demo_videos__files_and_what_they_show(name: str, number: int) -> None:
    videos, rows = demo_videos(name), demo_rows(name)
    assert [Path(video).name for video in videos] == [r['video'] for r in rows]
    assert len({*videos}) == number
    assert all(Path(video).is_file() for video in videos)
    inside = {p.name for p in Path(videos[0]).parent.glob('*.mp4')}
    assert inside == {row['video'] for row in rows}


@pytest.mark.parametrize('name', ['demo', 'demo-qa'])
def test_demo_model__card_and_no_paths_of_a_machine(name: str) -> None:
    folder = Path(demo_model(name))
    card = (folder / 'README.md').read_text()
    for heading in ('Limits', 'Data', 'Results', 'Calibration', 'Licence'):
        assert f'\n## {heading}\n' in card
    assert 'Not stated' not in card
    assert '/work' not in card + (folder / 'config.json').read_text()


@pytest.mark.slow
def test_demo__ranks_its_videos() -> None:
    rows, videos = demo_rows(), demo_videos()
    inferencer = ClipBERTInferencer('demo', device='cpu')
    scores = inferencer.score(videos, [row['caption'] for row in rows])
    first = scores.argmax(0) == range(len(rows))
    assert first.mean() >= 0.75  # 79 of 100 in the whole gallery


def test_demo_qa__answers() -> None:
    inferencer = ClipBERTInferencer('demo-qa', device='cpu')
    videos = inferencer.features(demo_videos('demo-qa'))
    hits = [
        inferencer.answer(video, asked['question'], top_k=1)[0][0]
        == asked['answer']
        for video, row in zip(videos, demo_rows('demo-qa'))
        for asked in row['questions']
        if asked['question'].startswith('what colour')
    ]
    assert len(hits) == 8
    assert all(hits)  # 100 % of the colours in the whole test


@pytest.mark.parametrize('model', [['demo'], None, 3])
def test_demo_videos__names_of_another_type(model: object) -> None:
    for function in (demo_videos, demo_rows):
        with pytest.raises(ValueError, match='model must be one of'):
            function(model)  # type: ignore[arg-type]
