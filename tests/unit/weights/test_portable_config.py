# Copyright (c) clipbert_mm contributors.
"""Tests of configs that need no file outside their folder."""

import pytest
from mmengine.config import Config
from transformers import BertConfig

from clipbert_mm.weights.portable_config import (
    find_tokenizer,
    portable_config,
    rewrite,
    without_weight_files,
)
from tests.toolbox.tiny_models import BERT


@pytest.mark.parametrize(
    'init_cfg, kept',
    [
        (dict(type='Pretrained', checkpoint='r50.pth'), False),
        (
            [dict(type='Kaiming'), dict(type='Pretrained', checkpoint='a')],
            False,
        ),
        (dict(type='Kaiming', layer='Conv2d'), True),
        (None, True),
    ],
)
def test_without_weight_files__initialisers(init_cfg, kept):
    cfg = Config(dict(model=dict(backbone=dict(init_cfg=init_cfg))))
    found = without_weight_files(cfg).model.backbone.init_cfg
    assert found == (init_cfg if kept else None)
    assert cfg.model.backbone.init_cfg == init_cfg


def test_without_weight_files__bert_folder_becomes_its_options(tmp_path):
    BertConfig(**BERT).save_pretrained(tmp_path)
    cfg = Config(
        dict(
            model=dict(
                head=dict(bert=str(tmp_path), tokenizer=str(tmp_path)),
                task=dict(bert=dict(BERT)),
                backbone=dict(pretrained='https://x/r50.pth'),
            )
        )
    )
    model = without_weight_files(cfg).model
    assert {key: model.head.bert[key] for key in BERT} == BERT
    assert {key: model.task.bert[key] for key in BERT} == BERT
    assert model.backbone.pretrained is None
    assert model.head.tokenizer == str(tmp_path)


def test_without_weight_files__bert_that_is_not_found(tmp_path):
    cfg = Config(dict(model=dict(head=dict(bert=str(tmp_path / 'absent')))))
    with pytest.raises(OSError, match='absent'):
        without_weight_files(cfg)


def test_find_tokenizer__local_folders_only(tmp_path):
    folders = [tmp_path / 'a', tmp_path / 'b']
    for folder in folders:
        folder.mkdir()
    cfg = Config(
        dict(
            pipeline=[
                dict(type='BertTokenize', tokenizer=str(folders[0])),
                dict(type='MaskTokens', tokenizer=str(folders[0])),
            ]
        )
    )
    assert find_tokenizer(cfg) == str(folders[0])
    cfg.pipeline[1].tokenizer = 'bert-base-uncased'
    assert find_tokenizer(cfg) == str(folders[0])
    cfg.pipeline[1].tokenizer = str(folders[1])
    with pytest.raises(ValueError, match='one tokenizer .*/a.*/b'):
        find_tokenizer(cfg)


def test_portable_config__keeps_the_model_and_the_pipeline(tmp_path):
    step = dict(type='LoadVideo', io_backend='lmdb', db_path='/data/a.lmdb')
    dataset = dict(
        type='VideoTextRetrieval',
        data_root='/home/author/data',
        ann_file='a.jsonl',
        pipeline=[step],
        tokenize=dict(type='BertTokenize', tokenizer=str(tmp_path)),
    )
    cfg = Config(
        dict(
            work_dir='work_dirs/x',
            launcher='slurm',
            resume=True,
            custom_imports=dict(imports=['clipbert_mm']),
            model=dict(
                head=dict(tokenizer='bert-base-uncased'),
                task=dict(vocabulary='a.json'),
            ),
            test_dataloader=dict(batch_size=4, dataset=dataset),
            val_dataloader=dict(dataset=dataset),
        )
    )
    assert portable_config(cfg, answers=['b']) == dict(
        default_scope='mmaction',
        model=dict(
            head=dict(tokenizer='bert-base-uncased'),
            task=dict(vocabulary=['b']),
        ),
        test_dataloader=dict(
            dataset=dict(
                type='VideoTextRetrieval',
                pipeline=[dict(type='LoadVideo')],
                tokenize=dict(type='BertTokenize', tokenizer='tokenizer'),
            )
        ),
    )


def test_rewrite__reaches_every_container_and_copies():
    value = dict(a=1, b=[dict(a=2), (dict(a=3), 'a')])
    assert rewrite(value, dict(a=lambda x: -x)) == dict(
        a=-1, b=[dict(a=-2), (dict(a=-3), 'a')]
    )
    assert value['b'][0] == dict(a=2)
