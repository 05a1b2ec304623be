# Copyright (c) clipbert_mm contributors.
"""Every task's config, made small, through tools/train.py and test.py."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from clipbert_mm import config_file
from clipbert_mm.cli import test, train
from tests.toolbox.shrink import ANSWERS, metrics_in, shrink, write_config

# The keys that a config's metric reports on the small corpus.
REPORTED = {
    'clipbert_msrvtt_qa': {'acc', 'acc/what', 'acc/who', 'unanswerable'},
    'clipbert_tgif_qa-action': {'acc'},
    'clipbert_tgif_qa-transition': {'acc'},
    'clipbert_tgif_qa-frameqa': {'acc', 'acc/what', 'acc/who', 'unanswerable'},
    'clipbert_tgif_qa-count': {'acc', 'mse', 'mse_raw'},
    'clipbert_tgif_qa-action_paper': {'acc'},
    'clipbert_tgif_qa-transition_paper': {'acc'},
    'clipbert_tgif_qa-frameqa_paper': {
        'acc',
        'acc/what',
        'acc/who',
        'unanswerable',
    },
    'clipbert_vqa': {'acc', 'acc/yes/no', 'acc/number'},
    'clipbert_coco-vg_pretrain': {'itm_acc', 'mlm_acc'},
    'clipbert_emoji_pretrain': {'itm_acc', 'mlm_acc'},
}


def run_tool(name: str, *arguments: object) -> None:
    """Run a tool as its command line does."""
    tools = dict(train=train, test=test)
    tools[name].main([str(part) for part in arguments])


@pytest.mark.parametrize('name', REPORTED)
def test_config__is_trained_and_tested_by_the_tools(
    name: str, corpus: Path, tmp_path: Path
) -> None:
    config = write_config(shrink(name, corpus), tmp_path / 'tiny.py')
    trained = tmp_path / 'trained'
    run_tool('train', config, '--work-dir', trained)
    assert list(trained.glob('best_*.pth'))
    checkpoint = trained / 'epoch_1.pth'
    run_tool(
        'test',
        config,
        checkpoint,
        '--work-dir',
        tmp_path / 'tested',
    )
    assert set(metrics_in(tmp_path / 'tested')) == REPORTED[name]


def test_every_trained_config_is_among_them() -> None:
    folder = Path(config_file('clipbert_msrvtt_ret')).parent
    names = {path.stem for path in folder.glob('clipbert_*.py')}
    assert {name for name in names if '_ret' not in name} == {
        *REPORTED,
        'clipbert_debug',
        'clipbert_easy_vqa',
        'clipbert_msrvtt_mc',
        'clipbert_vqa_test',
    }


def test_multiple_choice__takes_a_retrieval_checkpoint(
    corpus: Path, tmp_path: Path
) -> None:
    config = write_config(
        shrink(
            'clipbert_msrvtt_ret',
            corpus,
            val_cfg=None,
            val_dataloader=None,
            val_evaluator=None,
        ),
        tmp_path / 'ret.py',
    )
    run_tool('train', config, '--work-dir', tmp_path / 'ret')
    config = write_config(
        shrink('clipbert_msrvtt_mc', corpus), tmp_path / 'mc.py'
    )
    run_tool(
        'test',
        config,
        tmp_path / 'ret' / 'epoch_1.pth',
        '--work-dir',
        tmp_path / 'mc',
        '--out',
        tmp_path / 'out.json',
    )
    answers = json.loads((tmp_path / 'out.json').read_text())
    assert [a['question_id'] for a in answers] == list(range(7))
    rights = [i % 5 for i in range(7)]
    hits = sum(a['label'] == right for a, right in zip(answers, rights))
    assert metrics_in(tmp_path / 'mc') == {
        'acc': pytest.approx(100 * hits / 7, abs=1e-3)
    }


def test_vqa__writes_the_file_for_the_test_server(
    corpus: Path, tmp_path: Path
) -> None:
    lines = (corpus / 'soft_test.jsonl').read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    unlabelled = tmp_path / 'unlabelled.jsonl'
    unlabelled.write_text(
        '\n'.join(
            json.dumps({k: v for k, v in row.items() if k != 'labels'})
            for row in rows
        )
    )
    checkpoint = tmp_path / 'vqa.pth'
    cfg = shrink(
        'clipbert_vqa_test',
        corpus,
        test_dataloader__dataset__ann_file=str(unlabelled),
    )
    save_untrained(cfg, checkpoint)
    run_tool(
        'test',
        write_config(cfg, tmp_path / 'vqa.py'),
        checkpoint,
        '--work-dir',
        tmp_path / 'work',
        '--out',
        tmp_path / 'result.json',
    )
    result = json.loads((tmp_path / 'result.json').read_text())
    assert [r['question_id'] for r in result] == [
        row['question_id'] for row in rows
    ]
    assert all(set(r) == {'question_id', 'answer'} for r in result)
    assert {r['answer'] for r in result} <= set(ANSWERS)


def save_untrained(cfg: Config, path: Path) -> None:
    """Save the weights that a config starts from."""
    from mmaction.registry import MODELS

    torch.save(MODELS.build(cfg.model).state_dict(), path)


def test_checkpoint_of_another_task__is_not_tested(
    corpus: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / 'ret.pth'
    save_untrained(shrink('clipbert_msrvtt_ret', corpus), checkpoint)
    config = write_config(
        shrink('clipbert_msrvtt_qa', corpus), tmp_path / 'qa.py'
    )
    with pytest.raises(RuntimeError, match='missing keys.*head.classifier'):
        run_tool(
            'test',
            config,
            checkpoint,
            '--work-dir',
            tmp_path / 'work',
        )


@pytest.mark.parametrize('split', ['train', 'test'])
def test_vocabulary__must_be_that_of_the_data(
    split: str, corpus: Path, tmp_path: Path
) -> None:
    cfg = shrink('clipbert_msrvtt_qa', corpus, model__init_cfg=None)
    checkpoint = tmp_path / 'qa.pth'
    save_untrained(cfg, checkpoint)
    cfg[f'{split}_dataloader'].dataset.answers.vocabulary = list(ANSWERS)[::-1]
    config = write_config(cfg, tmp_path / 'qa.py')
    arguments = [config] if split == 'train' else [config, checkpoint]
    with pytest.raises(ValueError, match=f'{split}.jsonl.*other answers'):
        run_tool(split, *arguments, '--work-dir', tmp_path / 'work')


def test_pretraining__on_videos_then_fine_tuning_reports_the_heads(
    corpus: Path, tmp_path: Path
) -> None:
    """Pretrain on clips of videos, then answer questions from there."""
    cfg = shrink('clipbert_coco-vg_pretrain', corpus)
    steps = shrink(
        'clipbert_msrvtt_ret', corpus
    ).train_dataloader.dataset.pipeline
    for split in ('train', 'val', 'test'):
        dataset = cfg[f'{split}_dataloader'].dataset
        dataset.data_prefix = dict(video='videos')
        dataset.media_suffix = '.mp4'
        dataset.ann_file = 'train.jsonl' if split == 'train' else 'test.jsonl'
        dataset.pipeline = [*steps[:3], *dataset.pipeline[1:]]
    pretrained = tmp_path / 'pretrained'
    run_tool(
        'train',
        write_config(cfg, tmp_path / 'p.py'),
        '--work-dir',
        pretrained,
    )
    cfg = shrink(
        'clipbert_msrvtt_qa', corpus, load_from=str(pretrained / 'epoch_1.pth')
    )
    run_tool(
        'train',
        write_config(cfg, tmp_path / 'qa.py'),
        '--work-dir',
        tmp_path / 'qa',
    )
    (log,) = (tmp_path / 'qa').glob('*/*.log')
    text = log.read_text()
    # Both what the checkpoint has too much and what it lacks is named.
    for name in (
        'task.mlm.bias',
        'head.classifier.weight',
        'head.classifier.0.weight',
        'head.classifier.2.bias',
    ):
        assert name in text, name
