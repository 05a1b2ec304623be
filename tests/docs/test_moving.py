# Copyright (c) clipbert_mm contributors.
"""Moving from the original repository: every flag, and keys that exist."""

import argparse
import inspect
import re
from typing import Any

import pytest
from mmaction.registry import DATASETS, HOOKS, MODELS
from mmengine.config import Config

from clipbert_mm.cli.run_options import add_config
from clipbert_mm.utils.config_loading import load_config, override_config
from clipbert_mm.utils.config_settings import SETTINGS
from tests.toolbox.paths import ROOT

PAGE = ROOT / 'docs' / 'moving.md'
CONFIG = 'clipbert_msrvtt_ret'
SPAN = re.compile(r'`([^`]+)`')
# Options of src/configs/config.py at a118b02, the keys that only its JSON
# files have, those of base_model.json and those of file2lmdb.py.
FLAGS = """
ans2label_path betas bert_weights_path classifier cls_hidden_scale
cnn_learning_rate cnn_lr_decay cnn_lr_mul cnn_lr_mul_prefix cnn_optim
cnn_sgd_momentum cnn_step_decay_epochs cnn_weight_decay config data_ratio
debug decay detectron2_model_cfg detectron2_weights_path do_inference dropout
e2e_weights_path eval_retrieval_batch_size fp16 fps frm_sampling_strategy
freeze_cnn grad_norm gradient_accumulation_steps img_input_format
img_pixel_mean img_pixel_std inference_batch_size inference_img_db
inference_model_step inference_n_clips inference_split inference_txt_db
itm_neg_prob itm_neg_size learning_rate loss_type margin max_img_size
max_n_example_per_group max_txt_len min_valid_steps model_config n_workers
num_frm num_labels num_train_epochs num_valid optim output_dir pin_mem
pixel_random_sampling_size random_sample_clips save_steps_ratio
score_agg_func seed step_decay_epochs task tokenizer_dir train_batch_size
train_n_clips transformer_lr_mul transformer_lr_mul_prefix use_itm use_mlm
val_batch_size warmup_ratio weight_decay
train_datasets val_datasets name vis_format txt img
attention_probs_dropout_prob backbone_channel_in_size hidden_act
hidden_dropout_prob hidden_size initializer_range intermediate_size
layer_norm_eps max_grid_col_position_embeddings
max_grid_row_position_embeddings max_position_embeddings
max_temporal_position_embeddings model_type num_attention_heads
num_hidden_layers pad_token_id type_vocab_size vocab_size
data_root ext file_type lmdb_save_dir num_workers
""".split()


def read_rows() -> list[tuple[list[str], list[str], str]]:
    """Return reference names, spans of ours and the difference, by row."""
    rows = []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if line.startswith('| `') and len(cells) == 3:
            left, right, difference = cells
            rows.append((SPAN.findall(left), SPAN.findall(right), difference))
    return rows


def is_read(cfg: Config, key: str) -> bool:
    """Return whether a key stands in a config or is a constructor's."""
    if key in SETTINGS:
        return True
    *path, leaf = key.split('.')
    owner: Any = cfg
    for part in path:
        owner = owner[part]
    if leaf in owner:
        return True
    for registry in (MODELS, DATASETS, HOOKS):
        found = registry.get(owner.get('type', ''))
        if found is not None:
            return any(
                leaf in inspect.signature(base.__init__).parameters
                for base in found.__mro__
            )
    return False


def read_option(option: str) -> dict[str, Any]:
    parser = argparse.ArgumentParser()
    add_config(parser)
    return parser.parse_args(['x', '--cfg-options', option]).cfg_options


ROWS = read_rows()


def test_page__has_every_flag_once() -> None:
    flags = [flag for names, _, _ in ROWS for flag in names]
    assert sorted(flags) == sorted(FLAGS)


@pytest.mark.parametrize('row', ROWS, ids=[row[0][0] for row in ROWS])
def test_page__keys_are_read_and_same_means_same(
    row: tuple[list[str], list[str], str],
) -> None:
    _, spans, difference = row
    config = CONFIG
    for span in spans:
        if '/' in span.partition('=')[0] or span.startswith('--'):
            continue  # a program, or its option
        if span.startswith('clipbert_'):
            config = span
            load_config(config)
            continue
        cfg = load_config(config)
        assert is_read(cfg, span.partition('=')[0]), span
        if '=' not in span:
            continue
        before = cfg.to_dict()
        override_config(cfg, read_option(span))
        if difference.startswith('same'):
            assert cfg.to_dict() == before, span


def test_is_read__key_that_no_constructor_has() -> None:
    assert not is_read(load_config(CONFIG), 'model.head.cls_hidden_scale')
