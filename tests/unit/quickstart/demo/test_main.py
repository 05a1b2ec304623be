# Copyright (c) clipbert_mm contributors.
"""Tests of the command that makes the demo, on some of its own videos."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from clipbert_mm.apis import ClipBERTInferencer, demo_rows, demo_videos
from clipbert_mm.quickstart.corpus.annotations import write_lines
from clipbert_mm.quickstart.demo.__main__ import main


def write_work_dir(folder: Path, names: dict[str, str]) -> Path:
    """Write what a finished quickstart leaves, with the models of the demo."""
    for task, name in names.items():
        inferencer = ClipBERTInferencer(name, device='cpu')
        trained = folder / task
        trained.mkdir(parents=True)
        inferencer.cfg.dump(trained / 'config.py')
        state = inferencer.model.state_dict()
        torch.save(dict(state_dict=state), trained / 'epoch_1.pth')
        (trained / 'last_checkpoint').write_text('epoch_1.pth')
    return folder


@pytest.mark.slow
def test_main__retrieval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work_dir = write_work_dir(tmp_path / 'work', {'retrieval': 'demo'})
    videos, rows = demo_videos()[:3], demo_rows()[:3]
    corpus = work_dir / 'corpus'
    (corpus / 'videos').mkdir(parents=True)
    (corpus / 'annotations').mkdir()
    for video in videos:
        shutil.copy(video, corpus / 'videos')
    captions = [
        dict(clip_name=Path(row['video']).stem, caption=row['caption'])
        for row in rows
    ]
    write_lines(corpus / 'annotations' / 'gallery_test.jsonl', captions)
    metrics = {
        f'{way}/{name}': 100.0
        for way in ('t2v', 'v2t')
        for name in ('R1', 'R5', 'MdR')
    }
    result = json.dumps(dict(metrics, seed=0))
    (work_dir / 'result.json').write_text(result)
    out = tmp_path / 'out'
    main([str(work_dir), str(out), '--tasks', 'retrieval'])
    assert (
        'metric: text to video, R@1  value: 100.0' in capsys.readouterr().out
    )
    written = (out / 'retrieval_videos' / 'videos.jsonl').read_text()
    assert [json.loads(line) for line in written.splitlines()] == rows
    assert len(list((out / 'retrieval_videos').glob('*.mp4'))) == 3
    again = ClipBERTInferencer(out / 'retrieval', device='cpu')
    assert again.rank(rows[0]['caption'], videos)[0]['corpus_id'] == 0


@pytest.mark.slow
def test_main__answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work_dir = write_work_dir(tmp_path / 'work', {'qa': 'demo-qa'})
    video, row = demo_videos('demo-qa')[0], demo_rows('demo-qa')[0]
    corpus = work_dir / 'events'
    (corpus / 'videos').mkdir(parents=True)
    (corpus / 'annotations').mkdir()
    shutil.copy(video, corpus / 'videos')
    asked = [
        dict(clip_name=Path(row['video']).stem, **question)
        for question in row['questions'][:1]
    ]
    write_lines(corpus / 'annotations' / 'qa_test.jsonl', asked)
    known = dict(all=50.0, colour=50.0)
    result = json.dumps(dict(seed=0, accuracy=known, chance=known))
    (work_dir / 'result_qa.json').write_text(result)
    out = tmp_path / 'out'
    main([str(work_dir), str(out), '--tasks', 'qa'])
    assert 'metric: accuracy, colour  value: 100.0' in capsys.readouterr().out
    assert (out / 'qa' / 'README.md').is_file()
    assert [path.name for path in (out / 'qa_videos').glob('*.mp4')] == [
        row['video']
    ]
