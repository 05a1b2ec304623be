# Copyright (c) clipbert_mm contributors.
"""Tests of the quickstart's tasks with questions and of its pretraining."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from clipbert_mm.quickstart.claims import __main__ as claims
from clipbert_mm.quickstart.claims import runs, variants
from clipbert_mm.quickstart.claims.table import table
from clipbert_mm.quickstart.options import parse_args
from clipbert_mm.quickstart.tasks import answer_scores, masked_words
from tests.toolbox.paths import TOOLS

COLOUR, NUMBER = 'what colour are the rings', 'how many red figures do you see'
CHOICE = dict(question='what do you see', options=list('abcde'), answer=3)


def asked(*pairs: tuple[str, str]) -> list[dict]:
    return [dict(question=q, answer=a) for q, a in pairs]


def test_guesses__most_frequent_answer_of_each_type() -> None:
    known = asked(
        (COLOUR, 'red'), (COLOUR, 'blue'), (COLOUR, 'blue'), (NUMBER, 'two')
    )
    questions = asked((NUMBER, 'one'), (COLOUR, 'blue'), (COLOUR, 'red'))
    found = answer_scores.guesses(known, questions)
    assert found == ['two', 'blue', 'blue']
    assert answer_scores.accuracies(questions, found) == pytest.approx(
        dict(all=100 / 3, number=0, colour=50)
    )


def test_guesses__random_option() -> None:
    found = answer_scores.guesses([], [CHOICE] * 3)
    assert answer_scores.accuracies([CHOICE] * 3, found) == pytest.approx(
        dict(all=20, description=20)
    )
    assert answer_scores.accuracies([CHOICE] * 2, [3, 0])['all'] == 50


def test_given_answers__in_the_order_of_the_questions() -> None:
    saved = [
        dict(question_id=1, answer='two'),
        dict(question_id=0, answer='red'),
    ]
    questions = asked((COLOUR, 'red'), (NUMBER, 'one'))
    assert answer_scores.given_answers(questions, saved) == ['red', 'two']
    assert answer_scores.given_answers(
        [CHOICE], [dict(question_id=0, label=4)]
    ) == [4]


def test_text_baselines__by_hand() -> None:
    captions = ['a red ring', 'a red box', 'a blue ring', 'a red ring', 'a']
    masked = [
        masked_words.MaskedWord(
            '[CLS]', 'a', 'red'
        ),  # most frequent, and alone
        masked_words.MaskedWord('a', 'blue', 'ring'),  # red is more frequent
        masked_words.MaskedWord(
            'red', 'box', '[SEP]'
        ),  # ring is more frequent
        masked_words.MaskedWord('a', 'red', 'box'),
    ]
    found = masked_words.text_baselines(captions, masked)
    assert found == {
        'most frequent word': 25.0,
        'most frequent between its neighbours': 50.0,
    }


@pytest.mark.parametrize(
    'options, message',
    [
        (
            ['--task', 'qa', '--out', 'a.npz'],
            'must end in .json, but got a.npz',
        ),
        (['--task', 'pretrain', '--out', 'a.npz'], 'pretrain has nothing to'),
        (
            ['--task', 'mc', '--query', 'x'],
            'retrieval and qa only, but got mc',
        ),
        (['--task', 'mc', '--no-pretrain'], 'retrieval only, but got mc'),
    ],
)
def test_parse_args__wrong_for_the_task(
    options: list[str], message: str, capsys
) -> None:
    with pytest.raises(SystemExit):
        parse_args(options)
    assert message in capsys.readouterr().err


@pytest.fixture
def options(tmp_path: Path) -> argparse.Namespace:
    for folder in ('corpus', 'events'):
        tokenizer = tmp_path / folder / 'tokenizer'
        tokenizer.mkdir(parents=True)
        (tokenizer / 'vocab.txt').write_text('[PAD]\n[UNK]\na')
    return parse_args(['--task', 'qa', '--work-dir', str(tmp_path)])


@pytest.mark.parametrize('name', variants.VARIANTS)
def test_variants__cost_as_many_clips(options, name: str) -> None:
    cfg = runs.variant_config(options, name, 24, Path('pretrained.pth'))
    sampler = cfg['train_dataloader']['dataset']['pipeline'][1]
    variant = variants.VARIANTS[name]
    assert sampler['mode'] == variant.mode
    assert sampler['num_clips'] * cfg['train_cfg']['max_epochs'] == 48
    assert cfg['param_scheduler']['end'] == cfg['train_cfg']['max_epochs']
    tested = cfg['test_dataloader']['dataset']['pipeline'][1]
    assert (tested['mode'], tested['num_clips']) == ('uniform', 8)
    assert (cfg['load_from'] is None) == (name == 'scratch')
    assert cfg['model']['frozen_backbone'] == (name == 'frozen')


def test_variants__pretraining_has_the_network_that_answers(options) -> None:
    model = runs.pretrain_config(options)['model']
    answering = runs.variant_config(options, 'base', 4, Path('a'))['model']
    for part in ('backbone', 'neck'):
        assert model[part] == answering[part]
    assert model['head']['bert'] == answering['head']['bert']


def test_claims__table_of_known_results(tmp_path: Path) -> None:
    def write(run: str, seed: int, acc: float, action: float) -> None:
        folder = tmp_path / f'seed{seed}' / f'test_{run}'
        folder.mkdir(parents=True)
        (folder / 'result.json').write_text(
            json.dumps(
                {
                    'acc': acc,
                    'acc/action': action,
                    'acc/transition': action + 2,
                }
            )
        )

    for claim in variants.CLAIMS:
        for name, clips in (claim.better, claim.worse):
            for seed in (0, 1):
                folder = tmp_path / f'seed{seed}' / f'test_{name}_{clips}'
                if not folder.exists():
                    gain = clips + 10 * (name == 'base')
                    write(
                        f'{name}_{clips}',
                        seed,
                        50 + gain + seed,
                        60 - gain * (seed or 3),
                    )
    lines = table(tmp_path, [0, 1]).splitlines()
    assert len(lines) == 2 + 2 * len(variants.CLAIMS)
    first = [cell.strip() for cell in lines[2].split('|')[1:-1]]
    assert first[1:] == [
        'all',
        '68.5 (68.0..69.0)',
        '58.5 (58.0..59.0)',
        '10.0 (10.0..10.0)',
        '2 of 2',
        'holds',
    ]
    assert lines[3].endswith('0 of 2 | does not hold |')


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--epochs', '6'], 'a multiple of 4, but got 2, 1, 6'),
        (['--jobs', '0'], 'but got 0, 1, 4'),
    ],
)
def test_claims__wrong_options(arguments, message, capsys) -> None:
    with pytest.raises(SystemExit):
        claims.parse_args(arguments)
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_quickstart__answers_and_is_asked(tmp_path: Path) -> None:
    said = subprocess.run(
        [
            sys.executable,
            TOOLS / 'quickstart.py',
            '--smoke',
            '--work-dir',
            'work',
            '--task',
            'qa',
            '--out',
            'all.json',
            '--top',
            '2',
            '--query',
            'what colour are the rings',
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
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
