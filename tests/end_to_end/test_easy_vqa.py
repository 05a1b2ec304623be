# Copyright (c) clipbert_mm contributors.
"""easy-VQA as published: converted, trained for a step and evaluated."""

import json
import shutil
from pathlib import Path

import pytest

from clipbert_mm.annotations.official import easy_vqa as converter
from clipbert_mm.cli import test, train
from tests.toolbox.converting import lines, write

pytestmark = pytest.mark.slow
easy_vqa = pytest.importorskip(
    'easy_vqa', reason='the package easy-vqa is not installed'
)

NAME = 'clipbert_easy_vqa'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Convert all questions."""
    source = Path(easy_vqa.__path__[0], 'data')
    for split in ('train', 'test'):
        shutil.copytree(source / split, tmp_path / split)
    paths = [
        word
        for split in ('train', 'test')
        for word in (f'--{split}', str(source / split / 'questions.json'))
    ]
    out = ['--out', str(tmp_path / 'annotations')]
    assert converter.main([*paths, *out]) == 0
    return tmp_path


def test_easy_vqa__is_whole_trained_and_evaluated(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = capsys.readouterr().out
    assert 'official' not in report  # all numbers are those of the authors
    annotations = folder / 'annotations'
    answers = json.loads((annotations / 'vocabulary.json').read_text())
    assert sorted(answers) == sorted(easy_vqa.get_answers())
    rows = {
        split: lines(annotations / f'{split}.jsonl')
        for split in ('train', 'test')
    }
    texts, published, images = easy_vqa.get_test_questions()
    assert [row['question'] for row in rows['test']] == texts
    assert [row['answer'] for row in rows['test']] == published
    paths = easy_vqa.get_test_image_paths()
    for row, image in zip(rows['test'][::500], images[::500]):
        published_file = Path(paths[image]).read_bytes()
        assert (folder / f'{row["image_id"]}.png').read_bytes() == (
            published_file
        )
    for split, kept in rows.items():  # a step of training, a few of testing
        some = ''.join(f'{json.dumps(row)}\n' for row in kept[:160])
        write(annotations / f'{split}.jsonl', some)
    options = ['--cfg-options', f'data_root={folder}', 'num_workers=0']
    work = folder / 'work'
    train.main([NAME, '--work-dir', str(work), *options, 'max_epochs=1'])
    tested = [
        '--work-dir',
        str(work / 'tested'),
        '--out',
        str(work / 'a.json'),
    ]
    test.main([NAME, str(work / 'epoch_1.pth'), *tested, *options])
    given = json.loads((work / 'a.json').read_text())
    assert len(given) == 160
