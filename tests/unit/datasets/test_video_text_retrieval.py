# Copyright (c) clipbert_mm contributors.
"""Tests of the retrieval dataset on real video files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.datasets import VideoTextRetrieval
from clipbert_mm.engine import EpochSampler
from tests.toolbox.media import flat, pipeline, write_lines, write_video
from tests.toolbox.reference_data import load_json

ROWS = [
    ('v0', 'a red dog'),
    ('v1', 'a blue cat'),
    ('v0', 'the dog plays'),
    ('v2', 'two people'),
    ('v0', 'red dog running'),
    ('v1', 'blue cat'),
]


@pytest.fixture(scope='module')
def data_root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write three videos with three, two and one captions."""
    root = tmp_path_factory.mktemp('data')
    (root / 'videos').mkdir()
    for i in range(3):
        write_video(root / 'videos' / f'v{i}.mp4', num_frames=12 + 4 * i)
    write_lines(
        root / 'train.jsonl',
        [
            dict(clip_name=name, caption=text, sen_id=100 + row)
            for row, (name, text) in enumerate(ROWS)
        ],
    )
    return str(root)


def dataset_of(data_root: str, **options: Any) -> VideoTextRetrieval:
    settings: dict[str, Any] = dict(
        ann_file='train.jsonl',
        pipeline=[],
        data_root=data_root,
        data_prefix=dict(video='videos'),
    )
    return VideoTextRetrieval(**{**settings, **options})


def test_video_text_retrieval__training_item(data_root: str) -> None:
    dataset = dataset_of(data_root, negatives=dict(number=2))
    assert len(dataset) == 6
    info = dataset.get_data_info((0, 3, 0))
    assert info['filename'] == f'{data_root}/videos/v0.mp4'
    assert (info['video_id'], info['modality']) == ('v0', 'RGB')
    assert info['start_index'] == 0
    assert info['text_labels'].tolist() == [1, 0, 0]
    assert info['text_labels'].dtype == np.int64
    assert info['texts'][0] == 'a red dog'
    others = {text for name, text in ROWS if name != 'v0'}
    assert set(info['texts'][1:]) < others


def test_video_text_retrieval__every_caption_is_a_positive_once(
    data_root: str,
) -> None:
    dataset = dataset_of(data_root)
    positives = [dataset.get_data_info(i)['texts'][0] for i in range(6)]
    assert sorted(positives) == sorted(text for _, text in ROWS)


def test_video_text_retrieval__groups_as_the_reference(data_root: str) -> None:
    reference = load_json()['grouping']['train_group2']
    assert [(name, len(group)) for name, group in reference] == [
        ('v0', 2),
        ('v0', 2),
        ('v1', 2),
    ]
    write_lines(
        Path(data_root) / 'grouping.jsonl',
        [
            dict(clip_name=name, caption=f'a {name} {word}')
            for name, word in (
                ('v0', 'dog'),
                ('v0', 'cat'),
                ('v0', 'man'),
                ('v1', 'ball'),
            )
        ],
    )
    dataset = dataset_of(data_root, ann_file='grouping.jsonl', group_size=2)
    items = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert [item['video_id'] for item in items] == ['v0', 'v0', 'v1']
    for item in items:
        assert item['text_labels'].tolist() == [1, 0, 1, 0]
        assert all(item['video_id'] in text for text in item['texts'][::2])
    first, second, third = (item['texts'][::2] for item in items)
    # Three captions in two groups: each once, and one member repeated.
    assert len({*first, *second}) == 3
    assert first[0] != first[1]
    assert second[0] == second[1]
    assert third == ['a v1 ball'] * 2


def test_video_text_retrieval__groups_are_dealt_anew_in_every_epoch(
    data_root: str,
) -> None:
    dataset = dataset_of(data_root, group_size=2)
    groups = set()
    for epoch in range(20):
        items = [dataset.get_data_info((0, epoch, i)) for i in (0, 1)]
        texts = [tuple(item['texts'][::2]) for item in items]
        assert len({*texts[0], *texts[1]}) == 3
        groups.add(frozenset(texts[0]))
    assert len(groups) == 3  # all pairs of three captions


def test_video_text_retrieval__testing_item(
    data_root: str, vocab_dir: str
) -> None:
    dataset = dataset_of(
        data_root,
        test_mode=True,
        pipeline=pipeline(vocab_dir, mode='uniform', texts=False),
        tokenize=dict(type='BertTokenize', tokenizer=vocab_dir, max_txt_len=6),
    )
    assert len(dataset) == 3
    info = dataset.get_data_info(0)
    assert info['own_text_inds'] == [0, 2, 4]
    assert info['own_text_ids'] == [100, 102, 104]
    assert 'texts' not in info
    item = dataset[1]
    assert item['inputs']['imgs'].shape == (2, 3, 2, 32, 32)
    assert list(item['inputs']) == ['imgs']
    sample = item['data_samples']
    assert sample.own_text_inds == [1, 5]
    assert sample.video_id == 'v1'
    assert 'load_error' not in sample
    # The epoch makes no difference in testing.
    assert torch.equal(
        dataset[(0, 7, 1)]['inputs']['imgs'], item['inputs']['imgs']
    )


def test_video_text_retrieval__caption_bank(
    data_root: str, vocab_dir: str
) -> None:
    dataset = dataset_of(
        data_root,
        test_mode=True,
        tokenize=dict(type='BertTokenize', tokenizer=vocab_dir, max_txt_len=4),
    )
    assert dataset.captions == [text for _, text in ROWS]
    assert dataset.caption_ids == list(range(100, 106))
    bank = dataset.caption_bank()
    assert bank['input_ids'].dtype == torch.int64
    # 'a red dog' and 'two people', cut to four tokens.
    assert bank['input_ids'][[0, 3]].tolist() == [
        [2, 5, 15, 3],
        [2, 23, 24, 3],
    ]
    assert bank['attention_mask'].sum(1).tolist() == [4] * 6
    assert dataset.caption_bank() is bank


def test_video_text_retrieval__no_caption_bank_without_a_tokenizer(
    data_root: str,
) -> None:
    with pytest.raises(ValueError, match='tokenize=dict.*got tokenize=None'):
        dataset_of(data_root, test_mode=True).caption_bank()


def test_video_text_retrieval__a_subset_keeps_its_captions_only(
    data_root: str,
) -> None:
    dataset = dataset_of(data_root, test_mode=True, indices=[2, 0])
    assert [dataset.get_data_info(i)['video_id'] for i in (0, 1)] == [
        'v0',
        'v2',
    ]
    assert dataset.caption_ids == [100, 102, 103, 104]
    assert dataset.get_data_info(1)['own_text_inds'] == [2]
    assert len(dataset_of(data_root, test_mode=True, indices=2)) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    'num_workers, persistent', [(0, False), (2, False), (2, True)]
)
def test_video_text_retrieval__items_depend_on_seed_epoch_and_index_only(
    data_root: str, vocab_dir: str, num_workers: int, persistent: bool
) -> None:
    dataset = dataset_of(
        data_root,
        pipeline=pipeline(vocab_dir),
        group_size=2,
        negatives=dict(number=2, hard=1),
    )
    expected = {
        (0, epoch, i): flat(dataset[(0, epoch, i)])
        for epoch in range(2)
        for i in range(len(dataset))
    }
    sampler = EpochSampler(dataset, seed=0)
    loader = DataLoader(
        dataset,
        batch_size=2,
        sampler=sampler,
        num_workers=num_workers,
        persistent_workers=persistent,
        collate_fn=lambda items: items,
    )
    for epoch in range(2):
        sampler.set_epoch(epoch)
        torch.manual_seed(epoch + num_workers)  # must not matter
        np.random.seed(epoch + num_workers)
        items = [flat(item) for batch in loader for item in batch]
        assert items == [expected[key] for key in sampler]
    assert expected[0, 0, 0] != expected[0, 1, 0]


def test_video_text_retrieval__another_epoch_gives_other_draws(
    data_root: str, vocab_dir: str
) -> None:
    dataset = dataset_of(data_root, pipeline=pipeline(vocab_dir))
    items = [dataset[(0, epoch, 0)] for epoch in range(8)]
    assert {item['data_samples'].video_id for item in items} == {'v0'}
    clips = {item['inputs']['imgs'].numpy().tobytes() for item in items}
    texts = {item['inputs']['input_ids'].numpy().tobytes() for item in items}
    assert len(clips) > 1
    assert len(texts) > 1


def test_video_text_retrieval__another_seed_gives_other_items(
    data_root: str, vocab_dir: str
) -> None:
    items = [
        flat(dataset_of(data_root, pipeline=pipeline(vocab_dir))[(s, 0, 0)])
        for s in (0, 0, 1)
    ]
    assert items[0] == items[1] != items[2]


def test_video_text_retrieval__builds_from_a_config_through_the_runner(
    data_root: str, vocab_dir: str
) -> None:
    loader = Runner.build_dataloader(
        dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='EpochSampler', shuffle=True),
            collate_fn=dict(type='pseudo_collate'),
            dataset=dict(
                type='VideoTextRetrieval',
                ann_file='train.jsonl',
                data_root=data_root,
                data_prefix=dict(video='videos'),
                pipeline=pipeline(vocab_dir),
            ),
        )
    )
    batch = next(iter(loader))
    assert batch['inputs']['imgs'][0].shape == (2, 3, 2, 32, 32)
    assert len(batch['data_samples']) == 2
    assert pseudo_collate is loader.collate_fn.func


def test_video_text_retrieval__counts_captions_that_are_cut(
    data_root: str, vocab_dir: str, warnings_logged: list[str]
) -> None:
    tokenize = dict(type='BertTokenize', tokenizer=vocab_dir, max_txt_len=4)
    dataset_of(data_root, test_mode=True, tokenize=tokenize)
    dataset = dataset_of(data_root, pipeline=[tokenize], lazy_init=True)
    assert len(warnings_logged) == 1
    dataset.full_init()
    dataset.full_init()
    # 'a red dog', 'a blue cat', 'the dog plays', 'red dog running'
    assert len(warnings_logged) == 2
    for message in warnings_logged:
        assert (
            '4 of 6 captions are longer than max_txt_len=4 tokens and are cut'
        ) in message


def test_video_text_retrieval__finds_files_by_stem(tmp_path: Path) -> None:
    for name in ('a.mov', 'b.avi', 'b.c.mp4'):
        (tmp_path / name).touch()
    ann_file = write_lines(
        tmp_path / 'a.jsonl',
        [
            dict(clip_name=name, caption=f'a {name}')
            for name in ('a', 'b.mp4', 'b.c', 'd')
        ],
    )
    dataset = VideoTextRetrieval(
        ann_file,
        [],
        data_prefix=dict(video=str(tmp_path)),
        media_suffix=None,
        test_mode=True,
    )
    files = [Path(dataset.get_data_info(i)['filename']) for i in range(4)]
    assert [f.name for f in files] == ['a.mov', 'b.avi', 'b.c.mp4', 'd']
    (tmp_path / 'a.mp4').touch()
    with pytest.raises(ValueError, match=r"'a' .*\['a.mov', 'a.mp4'\]"):
        VideoTextRetrieval(
            ann_file,
            [],
            data_prefix=dict(video=str(tmp_path)),
            media_suffix=None,
            test_mode=True,
        )


def test_video_text_retrieval__index_out_of_range(data_root: str) -> None:
    dataset = dataset_of(data_root)
    assert dataset.get_data_info(-1)['video_id'] == 'v2'
    with pytest.raises(IndexError, match='has 6 items, but got the index 6'):
        dataset.get_data_info(6)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(group_size=0), 'group_size must be .* >= 1, but got 0'),
        (
            dict(negatives=dict(number=0)),
            'negatives.number must be >= 1 .* got 0',
        ),
        (
            dict(negatives=dict(number=-1)),
            'negatives.number must be .* got -1',
        ),
        (dict(negatives=dict(number=1, hard=2)), 'hard .* but got 2 of 1'),
        (
            dict(bad_media=dict(max_fraction=1.5)),
            'max_fraction must be .* got 1.5',
        ),
        (dict(data_prefix=dict(img='x')), r"dict\(video=.*got {'img': 'x'}"),
    ],
)
def test_video_text_retrieval__wrong_options(
    data_root: str, options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        dataset_of(data_root, **options)


def test_video_text_retrieval__misspelt_option(data_root: str) -> None:
    with pytest.raises(TypeError, match='negative'):
        dataset_of(data_root, negative=dict(number=1))
    with pytest.raises(
        TypeError,
        match=r"negatives must have options among \['number', 'hard', "
        r"'source'\], but got \['nmber'\]",
    ):
        dataset_of(data_root, negatives=dict(nmber=1))
    with pytest.raises(
        TypeError,
        match=r"bad_media must have options among \['max_fraction', "
        r"'max_refetch'\], but got \['max_share'\]",
    ):
        dataset_of(data_root, bad_media=dict(max_share=0.2))


def test_video_text_retrieval__missing_files(data_root: str) -> None:
    with pytest.raises(FileNotFoundError, match='none.jsonl'):
        dataset_of(data_root, ann_file='none.jsonl')
    with pytest.raises(
        FileNotFoundError, match='hard.jsonl.*negatives.source'
    ):
        dataset_of(data_root, negatives=dict(hard=1, source='hard.jsonl'))
    Path(data_root, 'bad.jsonl').write_text('{"caption": "a"}')
    with pytest.raises(AnnotationError, match='bad.jsonl:1'):
        dataset_of(data_root, ann_file='bad.jsonl')
