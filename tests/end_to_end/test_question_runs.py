# Copyright (c) clipbert_mm contributors.
"""End-to-end tests of question answering: unreadable and output files."""

import json
from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from tests.toolbox.shrink import ANSWERS, make_corpus, shrink
from tests.toolbox.tiny_models import fixed_init

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a corpus with one damaged and one missing video."""
    folder = make_corpus(tmp_path_factory.mktemp('corpus'))
    (folder / 'videos' / 'test2.mp4').write_bytes(b'not a video')
    (folder / 'videos' / 'test4.mp4').unlink()
    return folder


def run(cfg: Config, folder: Path) -> tuple[dict, list[dict]]:
    """Test an untrained model; return the metrics and the file."""
    init_default_scope('mmaction')
    checkpoint = str(folder / 'tiny.pth')
    torch.save(fixed_init(MODELS.build(cfg.model)).state_dict(), checkpoint)
    cfg.load_from = checkpoint
    cfg.test_evaluator.out_file = str(folder / 'answers.json')
    metrics = Runner.from_cfg(cfg).test()
    return metrics, json.loads((folder / 'answers.json').read_text())


@pytest.mark.parametrize(
    'name, kind',
    [
        ('clipbert_msrvtt_qa', 'open'),
        ('clipbert_msrvtt_mc', 'caption'),
        ('clipbert_tgif_qa-count', 'count'),
    ],
)
def test_run__questions_about_bad_videos_are_wrong(
    corpus: Path, tmp_path: Path, name: str, kind: str
) -> None:
    cfg = shrink(name, corpus, work_dir=str(tmp_path))
    cfg.test_dataloader.batch_size = 2
    cfg.test_evaluator.bad_videos = 'wrong'
    metrics, answers = run(cfg, tmp_path)
    lines = (corpus / f'{kind}_test.jsonl').read_text().splitlines()
    truths = [json.loads(line)['answer'] for line in lines]
    given = [entry.get('answer', entry.get('label')) for entry in answers]
    assert [i for i, answer in enumerate(given) if answer is None] == [2, 4]
    hits = sum(map(lambda a, b: a == b, given, truths))
    assert hits < len(truths) - 2
    assert metrics['acc'] == pytest.approx(100 * hits / len(truths))
    assert metrics['num_bad_videos'] == 2
    if kind == 'open':
        assert metrics['unanswerable'] == pytest.approx(100 / 7)


def test_run__bad_videos_end_it_and_are_listed(
    corpus: Path, tmp_path: Path
) -> None:
    cfg = shrink('clipbert_msrvtt_qa', corpus, work_dir=str(tmp_path))
    with pytest.raises(
        RuntimeError, match='2 of 7 videos.*\n  test2: .*\n  test4: '
    ):
        run(cfg, tmp_path)


def test_run__file_for_the_vqa_server(corpus: Path, tmp_path: Path) -> None:
    cfg = shrink('clipbert_vqa_test', corpus, work_dir=str(tmp_path))
    records = [
        json.loads(line)
        for line in (corpus / 'soft_test.jsonl').read_text().splitlines()
    ]
    for record in records:
        del record['labels']
    path = tmp_path / 'soft_server.jsonl'
    path.write_text('\n'.join(map(json.dumps, records)))
    cfg.test_dataloader.dataset.ann_file = str(path)
    metrics, answers = run(cfg, tmp_path)
    assert 'acc' not in metrics
    assert [entry['question_id'] for entry in answers] == [
        record['question_id'] for record in records
    ]
    assert {entry['answer'] for entry in answers} <= set(ANSWERS)
    assert all(set(entry) == {'question_id', 'answer'} for entry in answers)
