# Copyright (c) clipbert_mm contributors.
"""Tests of the dataset of images with captions, for retrieval."""

from pathlib import Path

import pytest
from mmaction.registry import DATASETS

from clipbert_mm.datasets import ImageTextRetrieval
from tests.toolbox.media import write_lines


def test_dataset__captions_of_each_image(
    tmp_path: Path, vocab_dir: str
) -> None:
    rows = [
        dict(caption='a dog', clip_name='val2014/a', sen_id=3),
        dict(caption='a cat', clip_name='val2014/b', sen_id=5),
        dict(caption='a man', clip_name='val2014/a', sen_id=4),
    ]
    write_lines(tmp_path / 'test.jsonl', rows)
    dataset = DATASETS.build(
        dict(
            type='ImageTextRetrieval',
            ann_file='test.jsonl',
            data_root=str(tmp_path),
            data_prefix=dict(img='images'),
            pipeline=[],
            test_mode=True,
            tokenize=dict(
                type='BertTokenize', tokenizer=vocab_dir, max_txt_len=9
            ),
        )
    )
    assert isinstance(dataset, ImageTextRetrieval)
    first, second = (dataset.get_data_info(i) for i in range(2))
    assert first['filename'] == str(tmp_path / 'images' / 'val2014' / 'a.jpg')
    assert first['own_text_inds'] == [0, 2]
    assert second['own_text_ids'] == [5]
    assert dataset.caption_bank()['input_ids'].shape[0] == 3


def test_dataset__reads_images_alone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='img'):
        ImageTextRetrieval(
            str(tmp_path / 'a.jsonl'), [], data_prefix=dict(video='videos')
        )
