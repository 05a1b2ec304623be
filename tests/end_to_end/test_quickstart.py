# Copyright (c) clipbert_mm contributors.
"""Short runs of the quickstart, and of the commands that it suggests."""

import json
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.toolbox.paths import TOOLS
from tests.toolbox.processes import run_command


@pytest.mark.slow
def test_quickstart__all_of_it_and_what_it_suggests(tmp_path: Path) -> None:
    said = run_command(
        *(sys.executable, TOOLS / 'quickstart.py', '--smoke'),
        *('--work-dir', 'work', '--out', 'scores/all.npz'),
        cwd=tmp_path,
    )
    saved = np.load(tmp_path / 'scores' / 'all.npz')
    assert saved['scores'].shape == (10, 10)
    assert len(set(saved['video_ids'])) == 10
    ranks = (saved['scores'] >= np.diag(saved['scores'])[:, None]).sum(1)
    order = [f'gallery{int(i):03d}' for i in saved['text_ids']]
    assert list(saved['video_ids']) == order  # the diagonal is the own video
    result = json.loads((tmp_path / 'work' / 'result.json').read_text())
    assert result['t2v/R5'] == pytest.approx(100 * (ranks <= 5).mean())
    assert result['seed'] == 0
    assert result['smoke']
    assert 'chance:        R@1 10.0 %' in said
    assert 'What next' in said
    first = np.asarray(Image.open(tmp_path / 'work' / 'contact_sheet.png'))

    search, compare, train, train_by_all = (
        shlex.split(line)
        for line in said.replace('\\\n', '').splitlines()
        if line.startswith(f'    {shlex.quote(sys.executable)} -m ')
    )
    assert '--no-pretrain' in compare
    assert 'clipbert_mm.cli.train' in train
    assert 'clipbert_mm.cli.train' in train_by_all
    said = run_command(*search, '--top', '2', cwd=tmp_path.parent)
    assert 'query: a big red disc moves' in said
    assert 'tested earlier' in said
    second = np.asarray(Image.open(tmp_path / 'work' / 'contact_sheet.png'))
    assert second.shape[0] < first.shape[0]


@pytest.mark.slow
def test_quickstart__answers_and_is_asked(tmp_path: Path) -> None:
    said = run_command(
        *(sys.executable, TOOLS / 'quickstart.py', '--smoke'),
        *('--work-dir', 'work', '--task', 'qa', '--out', 'all.json'),
        *('--top', 2, '--query', 'what colour are the rings'),
        cwd=tmp_path,
    )
    saved = json.loads((tmp_path / 'all.json').read_text())
    result = json.loads((tmp_path / 'work' / 'result_qa.json').read_text())
    lines = (
        (tmp_path / 'work' / 'events' / 'annotations' / 'qa_test.jsonl')
        .read_text()
        .splitlines()
    )
    right = [
        json.loads(line)['answer'] == row['answer']
        for line, row in zip(lines, saved)
    ]
    assert [row['question_id'] for row in saved] == list(range(len(lines)))
    assert result['accuracy']['all'] == pytest.approx(
        100 * sum(right) / len(lines)
    )
    assert set(result['chance']) == set(result['accuracy'])
    assert 'test00001.mp4' in said
    assert 'test00002.mp4' not in said
    assert 'most frequent answer of the type' in said
    assert 'What next' in said
