# Copyright (c) clipbert_mm contributors.
"""easy-VQA in the quickstart: config, results; the run is in end_to_end."""

import json
import sys
from pathlib import Path

import pytest

from clipbert_mm.quickstart.configs import find_dicts
from clipbert_mm.quickstart.options import parse_args
from clipbert_mm.quickstart.tasks import easy_vqa

ROWS = [
    dict(image_id='test/images/0', answer='yes', answer_type='yes/no'),
    dict(image_id='test/images/0', answer='circle', answer_type='shape'),
    dict(image_id='test/images/0', answer='red', answer_type='color'),
    dict(image_id='test/images/1', answer='no', answer_type='yes/no'),
]


def test_package_data__not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'easy_vqa', None)
    with pytest.raises(
        SystemExit, match=r"pip install 'clipbert_mm\[real-data\]'"
    ):
        easy_vqa.package_data()


@pytest.mark.parametrize('options, size', [([], None), (['--smoke'], 16)])
def test_easy_vqa_config__images_stay_where_they_are(
    options: list[str], size: int | None, tmp_path: Path
) -> None:
    args = parse_args(['--work-dir', str(tmp_path), '--seed', '3', *options])
    cfg = easy_vqa.easy_vqa_config(tmp_path / 'images', args)
    for dataset in find_dicts(cfg, 'ann_file'):
        assert dataset['data_root'] == str(tmp_path / 'easy_vqa_data')
        assert dataset['data_prefix'] == dict(img=str(tmp_path / 'images'))
        assert dataset.get('indices') == size
    assert cfg['model']['task']['vocabulary'] == str(
        tmp_path / 'easy_vqa_data' / 'annotations' / 'vocabulary.json'
    )
    assert cfg['work_dir'] == str(tmp_path / 'easy-vqa')
    assert cfg['randomness']['seed'] == 3


def test_shown_in_images() -> None:
    assert easy_vqa.shown_in_images(ROWS) == {
        'test/images/0': 'red circle',
        'test/images/1': '',
    }


def test_report__next_to_guessing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / 'easy_vqa_data' / 'annotations'
    folder.mkdir(parents=True)
    text = ''.join(f'{json.dumps(row)}\n' for row in ROWS)
    (folder / 'train.jsonl').write_text(text)
    (folder / 'test.jsonl').write_text(text)
    metrics = {
        'acc': 75.0,
        'acc/color': 0.0,
        'acc/shape': 100.0,
        'acc/yes/no': 100.0,
    }
    args = parse_args(['--task', 'easy-vqa', '--work-dir', str(tmp_path)])
    easy_vqa.report(args, dict(seed=4, smoke=False), metrics)
    easy_vqa.report_next(args)
    shown = capsys.readouterr().out.splitlines()
    assert shown[1:7] == [
        '== Result with seed 4, questions about the test images',
        '  right answers     model  most frequent of the type',
        '  all              75.0 %     75.0 %',
        '  color             0.0 %    100.0 %',
        '  shape           100.0 %    100.0 %',
        '  yes/no          100.0 %     50.0 %',
    ]
    saved = json.loads((tmp_path / 'result_easy-vqa.json').read_text())
    assert saved['accuracy'] == metrics
    assert saved['chance']['acc/yes/no'] == 50.0
    (command,) = (line for line in shown if '--query' in line)
    words = command.split(' -m clipbert_mm.cli.quickstart ')[1].split("'")
    assert parse_args([*words[0].split(), words[1]]).skip_train
