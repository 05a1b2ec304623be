# Copyright (c) clipbert_mm contributors.
"""easy-VQA as published: converted, trained for a step and evaluated."""

import json
import sys
from pathlib import Path

import pytest

from tests.toolbox.converting import lines
from tests.toolbox.paths import TOOLS
from tests.toolbox.processes import run_command

pytestmark = pytest.mark.slow
easy_vqa = pytest.importorskip(
    'easy_vqa', reason='the package easy-vqa is not installed'
)


def test_easy_vqa__is_whole_trained_evaluated_and_asked(
    tmp_path: Path,
) -> None:
    said = run_command(
        *(sys.executable, TOOLS / 'quickstart.py', '--task', 'easy-vqa'),
        *('--smoke', '--work-dir', 'work', '--out', 'answers.json'),
        *('--top', 2, '--query', 'what color is the shape?'),
        cwd=tmp_path,
    )
    assert 'official' not in said  # all numbers are those of the authors
    annotations = tmp_path / 'work' / 'easy_vqa_data' / 'annotations'
    answers = json.loads((annotations / 'vocabulary.json').read_text())
    assert sorted(answers) == sorted(easy_vqa.get_answers())
    rows = lines(annotations / 'test.jsonl')
    texts, published, images = easy_vqa.get_test_questions()
    assert [row['question'] for row in rows] == texts
    assert [row['answer'] for row in rows] == published
    paths = easy_vqa.get_test_image_paths()
    folder = Path(easy_vqa.__path__[0], 'data')
    for row, image in zip(rows[::500], images[::500]):
        assert Path(paths[image]).samefile(folder / f'{row["image_id"]}.png')
    given = json.loads((tmp_path / 'answers.json').read_text())
    tested = {rows[answer['question_id']]['image_id'] for answer in given}
    assert len(tested) == 16
    right = [
        rows[answer['question_id']]['answer'] == answer['answer']
        for answer in given
    ]
    result = json.loads((tmp_path / 'work/result_easy-vqa.json').read_text())
    assert result['accuracy']['acc'] == pytest.approx(
        100 * sum(right) / len(right)
    )
    assert 'test/images/1.png' in said
    assert 'test/images/2.png' not in said
    assert '(red triangle)' in said
