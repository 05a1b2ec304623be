# Copyright (c) clipbert_mm contributors.
"""Tests of the check of a config's data, on real wrong files."""

import json
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from clipbert_mm.cli import check
from clipbert_mm.datasets.checking.media import check_media
from clipbert_mm.datasets.checking.report import CheckReport
from clipbert_mm.datasets.checking.split import open_split
from clipbert_mm.media.probe import find_missing
from tests.toolbox.media import write_lines, write_lmdb
from tests.toolbox.shrink import make_corpus, shrink


@pytest.fixture(scope='module')
def corpus(tmp_path_factory) -> Path:
    """Write a corpus without mistakes."""
    return make_corpus(tmp_path_factory.mktemp('corpus'))


@pytest.fixture
def own_corpus(corpus, tmp_path) -> Path:
    """A copy of the corpus, for changes."""
    for path in corpus.rglob('*'):
        if path.is_file():
            link = tmp_path / path.relative_to(corpus)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.hardlink_to(path)
    return tmp_path


def spoil(path: Path, content: 'str | bytes') -> Path:
    """Replace a hard link by a file of its own."""
    path.unlink()
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_config(config: Config, folder: Path) -> Path:
    """Write a config as JSON, which is faster than as Python."""
    config.dump(folder / 'config.json')
    return folder / 'config.json'


def run(
    folder: Path,
    name: str = 'clipbert_msrvtt_ret',
    *options: str,
    **overrides: Any,
) -> tuple[int, dict]:
    """Return the exit status and the JSON of a check of a small config."""
    config = write_config(shrink(name, folder, **overrides), folder)
    out = folder / 'report.json'
    status = check.main(
        [str(config), '--workers', '0', '--json', str(out), *options]
    )
    return status, json.loads(out.read_text()) if out.is_file() else {}


def messages(found: list[dict]) -> dict[tuple, list[str]]:
    """Return messages by split and kind."""
    groups: dict[tuple, list[str]] = {}
    for one in found:
        groups.setdefault((one['split'], one['kind']), []).append(
            one['message']
        )
    return groups


def test_check__nothing_wrong(corpus, capsys):
    status, report = run(corpus)
    assert (status, report['problems']) == (0, [])
    train, both = report['splits']['train'], report['splits']['val, test']
    assert list(report['splits']) == ['train', 'val, test']
    # 8 and 7 videos, every other one with a second caption
    assert (train['media'], train['items'], train['texts']) == (8, 12, 12)
    assert (both['media'], both['items'], both['texts']) == (7, 7, 10)
    assert train['texts of a medium'] == dict(least=1, median=1.5, most=2)
    # 'a red dog runs on sand' with [CLS] and [SEP]; max_txt_len 20
    assert train['tokens'] == dict(median=8, p95=8, most=8)
    assert (train['max_txt_len'], train['cut texts']) == (20, 0)
    seconds = [(6 + 3 * i) / (5, 8, 10)[i % 3] for i in range(8)]
    assert train['seconds']['least'] == pytest.approx(min(seconds))
    assert train['seconds']['most'] == pytest.approx(max(seconds))
    assert train['frames per second'] == dict(least=5, median=8, most=10)
    assert train['longer side'] == dict(least=64, median=72, most=80)
    shown = capsys.readouterr().out
    assert 'train: reading 8 media' in shown
    assert 'problems: 0' in shown
    # train7 has the colour and so the captions of train0
    assert messages(report['notes']) == {
        ('train', 'texts of several media'): [
            "2 media, such as ['train0', 'train7']: 'a red dog runs on sand'"
        ]
    }


def test_check__media_outside_of_their_folder(own_corpus):
    lines = (own_corpus / 'train.jsonl').read_text().split('\n')
    lines[0] = lines[0].replace('train0', '../videos/train0')
    spoil(own_corpus / 'train.jsonl', '\n'.join(lines))
    video = own_corpus / 'videos' / 'train3.mp4'
    video.rename(own_corpus / 'elsewhere.mp4')
    video.symlink_to('../elsewhere.mp4')
    status, report = run(own_corpus)
    problems = messages(report['problems'])
    assert (status, set(problems)) == (
        1,
        {('train', 'annotations'), ('train', 'media outside')},
    )
    (name,) = problems['train', 'annotations']
    assert name.startswith(
        f"{own_corpus}/train.jsonl:1: the medium '../videos/train0' leaves "
    )
    (file,) = problems['train', 'media outside']
    assert f"'{own_corpus}/elsewhere.mp4', outside of" in file
    assert report['splits']['train']['unreadable media'] == 0


def test_check__lists_everything_that_is_wrong(own_corpus, capsys):
    videos = own_corpus / 'videos'
    (videos / 'train3.mp4').unlink()
    spoil(videos / 'test2.mp4', 'junk')
    whole = (videos / 'train7.mp4').read_bytes()
    spoil(videos / 'train7.mp4', whole[: len(whole) // 2])
    lines = (own_corpus / 'train.jsonl').read_text().split('\n')
    lines[2] = '{"caption": "cut'
    lines[4] = lines[4].replace('sen_id', 'senid')
    lines += [
        json.dumps(dict(caption=caption, clip_name=name, sen_id=100 + i))
        for i, (caption, name) in enumerate(
            [
                ('A red  dog runs on SAND', 'train0'),
                ('a zebra' + ' runs' * 30, 'test0'),
            ]
        )
    ]
    spoil(own_corpus / 'train.jsonl', '\n'.join(lines))

    status, report = run(own_corpus)
    assert status == 1
    problems = messages(report['problems'])
    assert set(problems) == {
        ('train', 'annotations'),
        ('train', 'missing media'),
        ('train', 'unreadable media'),
        ('val, test', 'unreadable media'),
        ('train and val, test', 'media in both'),
    }
    path = own_corpus / 'train.jsonl'
    first, second = problems['train', 'annotations']
    assert first.startswith(f'{path}:3: this line is not JSON')
    assert second.startswith(f"{path}:5: unknown keys ['senid']")
    assert problems['train', 'missing media'] == [str(videos / 'train3.mp4')]
    (cut,) = problems['train', 'unreadable media']
    path = videos / 'train7.mp4'
    assert cut.startswith(
        f'{path}: MediaError: cannot use {str(path)!r}: it ends early: only '
    )
    (junk,) = problems['val, test', 'unreadable media']
    assert junk.startswith(f'{videos}/test2.mp4: ')
    assert problems['train and val, test', 'media in both'] == ['test0']

    notes = messages(report['notes'])
    assert notes['train', 'repeated texts of a medium'] == [
        "2 times of 'train0': 'a red dog runs on sand'"
    ]
    (cut,) = notes['train', 'cut texts']
    # z ##e ##b .. is not in the vocabulary: [UNK]; [CLS] a [UNK] 30 [SEP]
    assert cut.startswith("34 tokens: 'a zebra runs runs")
    train = report['splits']['train']
    assert train['texts with [UNK]'] == 1
    assert (train['texts'], train['media']) == (12, 9)
    assert 'train and val, test: media in both (1)' in capsys.readouterr().out


@pytest.mark.parametrize(
    'decode, unreadable, has_size',
    [
        ('none', None, False),
        ('open', 1, False),
        ('first', 1, True),
        ('pipeline', 1, True),
    ],
)
def test_check__how_much_is_decoded(own_corpus, decode, unreadable, has_size):
    spoil(own_corpus / 'videos' / 'test2.mp4', 'junk')
    status, report = run(
        own_corpus,
        'clipbert_msrvtt_ret',
        '--splits',
        'test',
        '--decode',
        decode,
    )
    figures = report['splits']['test']
    assert figures.get('unreadable media') == unreadable
    assert ('longer side' in figures) == has_size
    assert ('seconds' in figures) == (decode != 'none')
    assert status == int(decode != 'none')


def test_check__tokenizer_and_folder_of_videos_are_not_there(own_corpus):
    (own_corpus / 'tokenizer' / 'vocab.txt').unlink()
    status, report = run(
        own_corpus,
        'clipbert_msrvtt_ret',
        '--splits',
        'train',
        train_dataloader__dataset__data_prefix=dict(video='films'),
        train_dataloader__dataset__media_suffix=None,
    )
    assert status == 1
    problems = messages(report['problems'])
    assert set(problems) == {('train', 'tokenizer'), ('train', 'annotations')}
    (tokenizer,) = problems['train', 'tokenizer']
    assert 'must be a folder with a vocab.txt' in tokenizer
    assert tokenizer.endswith('Token counts are unknown.')
    (folder,) = problems['train', 'annotations']
    assert folder.startswith(f"There is no folder '{own_corpus}/films'")
    # the texts are compared nevertheless
    assert report['splits']['train']['texts of several media'] == 1
    assert 'tokens' not in report['splits']['train']


def test_check__answers(own_corpus):
    records = [
        json.loads(line)
        for line in (own_corpus / 'open_train.jsonl').read_text().split('\n')
    ]
    records[3]['answer'] = records[4]['answer'] = 'zebra'
    records[5]['answer'] = 'sand'
    (own_corpus / 'open_train.jsonl').unlink()
    write_lines(own_corpus / 'open_train.jsonl', records)
    status, report = run(own_corpus, 'clipbert_msrvtt_qa', '--decode', 'none')
    assert status == 1
    (problem,) = report['problems']
    assert problem['message'].startswith(f'{own_corpus}/open_train.jsonl:4: ')
    assert 'zebra' in problem['message']
    assert messages(report['notes']) == {
        ('train', 'answers outside the vocabulary'): [
            "'zebra' (2 times)",
            "'sand' (1 times)",
        ],
        ('val, test', 'answers outside the vocabulary'): ["'sand' (1 times)"],
    }
    train = report['splits']['train']
    assert train['vocabulary size'] == 5
    assert train['fraction of answers in vocabulary'] == 5 / 8
    assert train['questions without known answer'] == 3
    # ANSWERS[i % 5] of 8 questions, without those of 3, 4 and 5
    assert train['most frequent answer'] in (
        "'green' (25.0%)",
        "'blue' (25.0%)",
        "'zebra' (25.0%)",
    )


@pytest.mark.parametrize(
    'name, figures',
    [
        (
            'clipbert_vqa',
            {'fraction of answers in vocabulary': 1, 'media': 8, 'texts': 16},
        ),
        (
            'clipbert_tgif_qa-count',
            {'answers': dict(least=1, median=2.5, most=4), 'texts': 8},
        ),
        (
            'clipbert_tgif_qa-action',
            {'answers': dict(least=0, median=1.5, most=4), 'texts': 40},
        ),
        ('clipbert_coco-vg_pretrain', {'media': 8, 'texts': 16}),
    ],
)
def test_check__other_datasets(corpus, name, figures):
    status, report = run(corpus, name, '--splits', 'train')
    assert (status, report['problems']) == (0, [])
    train = report['splits']['train']
    assert {key: train.get(key) for key in figures} == figures
    assert train['unreadable media'] == 0


def test_check__members_of_a_split(own_corpus):
    config = shrink('clipbert_msrvtt_ret', own_corpus)
    for name in ('train', 'val', 'test'):
        loader = config[f'{name}_dataloader']
        own = loader.dataset.to_dict()
        # The second shares a video with the first, which is no leak.
        more = dict(own, ann_file='more.jsonl')
        if name != 'train':
            more = dict(own, ann_file='leak.jsonl')
        loader.dataset = dict(type='ConcatTextDataset', datasets=[own, more])
    write_lines(
        own_corpus / 'more.jsonl',
        [
            dict(clip_name=name, caption=f'a dog of {name}')
            for name in ('train0', 'gone')
        ],
    )
    write_lines(
        own_corpus / 'leak.jsonl',
        [
            dict(clip_name=name, caption=f'a dog of {name}')
            for name in ('test0', 'train1')
        ],
    )
    path = write_config(config, own_corpus)
    out = own_corpus / 'report.json'
    assert (
        check.main(
            [
                str(path),
                '--workers',
                '0',
                '--decode',
                'open',
                '--json',
                str(out),
            ]
        )
        == 1
    )
    report = json.loads(out.read_text())
    assert {n: s['media'] for n, s in report['splits'].items()} == {
        'train[0]': 8,
        'train[1]': 2,
        'val[0], test[0]': 7,
        'val[1], test[1]': 2,
    }
    assert messages(report['problems']) == {
        ('train[1]', 'missing media'): [f'{own_corpus}/videos/gone.mp4'],
        ('train[0] and val[1], test[1]', 'media in both'): ['train1'],
    }


def test_check__vocabulary_is_not_there(own_corpus):
    status, report = run(
        own_corpus,
        'clipbert_msrvtt_qa',
        '--splits',
        'train',
        '--decode',
        'none',
        train_dataloader__dataset__answers__vocabulary='nowhere.json',
    )
    assert status == 1
    (problem,) = report['problems']
    assert f"'{own_corpus}/nowhere.json'" in problem['message']
    assert report['splits']['train']['texts'] == 8
    assert 'fraction of answers in vocabulary' not in report['splits']['train']


def lmdb_of(corpus: Path, folder: Path, suffix: str = '') -> str:
    """Write an LMDB of all test videos but one, and one of junk."""
    content = {
        f'test{i}{suffix}': (corpus / 'videos' / f'test{i}.mp4').read_bytes()
        for i in (0, 1, 2, 4, 6)
    }
    content[f'test5{suffix}'] = b'junk'
    return str(write_lmdb(folder / f'videos{suffix}.lmdb', content))


def opened_by(config: Config, step: dict) -> Config:
    """Return the config with another first transform in testing."""
    config.test_dataloader.dataset.pipeline[0] = step
    config.test_dataloader.dataset.data_prefix = dict(video='')
    config.test_dataloader.dataset.media_suffix = ''
    return config


@pytest.mark.parametrize('suffix', ['', '.mp4'])
def test_check__lmdb(corpus, tmp_path, suffix):
    path = lmdb_of(corpus, tmp_path, suffix)
    # MMAction2's step looks for the name with a suffix.
    step = (
        dict(type='DecordInit', io_backend='lmdb', db_path=path)
        if (suffix)
        else dict(
            type='LoadVideo', backend_args=dict(backend='lmdb', db_path=path)
        )
    )
    config = opened_by(shrink('clipbert_msrvtt_ret', corpus), step)
    if suffix:  # it has no folder for the names
        config.test_dataloader.dataset.ann_file = str(corpus / 'test.jsonl')
        config.test_dataloader.dataset.data_root = ''
    out = tmp_path / 'report.json'
    status = check.main(
        [
            str(write_config(config, tmp_path)),
            '--workers',
            '0',
            '--splits',
            'test',
            '--json',
            str(out),
        ]
    )
    report = json.loads(out.read_text())
    problems = messages(report['problems'])
    assert status == 1
    assert set(problems) == {
        ('test', 'missing media'),
        ('test', 'unreadable media'),
    }
    (missing,) = problems['test', 'missing media']
    assert missing.endswith('test3')
    (junk,) = problems['test', 'unreadable media']
    assert '/test5: ' in f'/{junk}'
    assert report['splits']['test']['seconds']['most'] == 24 / 5


def test_check__lmdb_that_is_not_there(corpus, tmp_path):
    report = CheckReport('', dict(test={}))
    init_default_scope('mmaction')
    step = dict(
        type='LoadVideo',
        backend_args=dict(backend='lmdb', db_path=str(tmp_path / 'no.lmdb')),
    )
    config = opened_by(shrink('clipbert_msrvtt_ret', corpus), step)
    split = open_split(
        'test', config.test_dataloader.dataset.to_dict(), report
    )
    with pytest.raises(OSError, match='no.lmdb.*cannot be opened'):
        find_missing(split.steps[0], ['test0'])
    check_media(split, report, 'pipeline', 0, 1)
    assert [problem.kind for problem in report.problems] == ['media']
    assert not (tmp_path / 'no.lmdb').exists()


@pytest.mark.parametrize(
    'options, overrides, message',
    [
        (
            ['--splits', 'val'],
            dict(val_dataloader=None),
            'has no val_dataloader',
        ),
        (
            [],
            dict(train_dataloader__dataset=dict(type='VideoDataset')),
            'must have a dataset with a pipeline',
        ),
        (
            [],
            dict(train_dataloader__dataset__type='VideoDataset'),
            "VideoQuestionAnswering'], but got 'VideoDataset'",
        ),
        ([], dict(train_dataloader__dataset__group_sice=2), 'group_sice'),
        (
            [],
            dict(
                train_dataloader__dataset__pipeline=[dict(type='LoadVideos')]
            ),
            'LoadVideos',
        ),
    ],
)
def test_check__config_is_wrong(
    own_corpus, capsys, options, overrides, message
):
    config = shrink('clipbert_msrvtt_ret', own_corpus)
    for key, value in overrides.items():
        target = config
        *parents, last = key.split('__')
        for parent in parents:
            target = target[parent]
        target[last] = value
    path = write_config(config, own_corpus)
    assert check.main([str(path), '--workers', '0', *options]) == 2
    assert message in capsys.readouterr().err


def test_check__report_that_cannot_be_written(tmp_path, capsys):
    # Said before the config is read, which does not exist.
    status = check.main(['x.py', '--json', str(tmp_path)])
    assert status == 2
    assert f"but '{tmp_path}' is a folder" in capsys.readouterr().err


def test_check__config_that_cannot_be_read(tmp_path, capsys):
    assert check.main(['clipbert_msrvtt_rat']) == 2
    assert "Did you mean 'clipbert_msrvtt_ret'" in capsys.readouterr().err
    (tmp_path / 'broken.py').write_text('a = 1 / 0')
    assert check.main([str(tmp_path / 'broken.py')]) == 2
    assert 'ZeroDivisionError' in capsys.readouterr().err
