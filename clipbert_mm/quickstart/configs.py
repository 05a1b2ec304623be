# Copyright (c) clipbert_mm contributors.
"""Configs of the quickstart's stages, with the paths of a run."""

import argparse
from pathlib import Path
from typing import Any

from clipbert_mm.utils.config_loading import RUNNER_KEYS, load_config


def find_dicts(value: Any, key: str) -> list[dict]:
    """Return the dicts that have a key, anywhere in nested values.

    Args:
        value (Any): Nested dicts, lists and tuples.
        key (str): The key.

    Returns:
        list[dict]: The dicts themselves, not copies.

    Example:
        >>> find_dicts([dict(size=1), dict(head=dict(size=2))], 'size')
        [{'size': 1}, {'size': 2}]
    """
    if isinstance(value, dict):
        own = [value] if key in value else []
        return own + [d for v in value.values() for d in find_dicts(v, key)]
    if isinstance(value, (list, tuple)):
        return [d for v in value for d in find_dicts(v, key)]
    return []


def stage_config(
    name: str, args: argparse.Namespace, folder: str = 'corpus'
) -> dict:
    """Return a shipped config of the quickstart for this run.

    Args:
        name (str): Name of a config in ``configs/quickstart``.
        args (argparse.Namespace): Options of the quickstart.
        folder (str): Folder of the corpus in the work folder. Defaults to
            ``'corpus'``.

    Returns:
        dict: The config with the paths and the options of the run.
    """
    corpus = args.work_dir / folder
    cfg = run_config(f'quickstart/{name}', name, args, corpus)
    words = len((corpus / 'tokenizer' / 'vocab.txt').read_text().split())
    for part in find_dicts(cfg, 'vocab_size'):
        part['vocab_size'] = words
    if args.no_pretrain and name == 'pretrain':
        drop_mlm(cfg)
    return cfg


def run_config(
    config: str, name: str, args: argparse.Namespace, data_root: Path
) -> dict:
    """Return a shipped config with the options of this run.

    Args:
        config (str): Name of the config.
        name (str): Name of the stage, and of its folder.
        args (argparse.Namespace): Options of the quickstart.
        data_root (Path): Folder of the data.

    Returns:
        dict: The config with the paths and the options of the run.
    """
    loaded = load_config(config, dict(data_root=str(data_root))).to_dict()
    # Without the variables of the file, which nothing reads any more.
    cfg = {k: v for k, v in loaded.items() if k in RUNNER_KEYS}
    cfg['randomness'] = dict(cfg.get('randomness', {}), seed=args.seed)
    cfg['work_dir'] = str(args.work_dir / name)
    if args.gpus > 1:
        # The same total batch as with one process, hence the same schedule.
        loader = cfg['train_dataloader']
        loader['batch_size'] = -(-loader['batch_size'] // args.gpus)
    if args.smoke:
        shorten(cfg)
    cfg['quickstart'] = dict(
        seed=args.seed,
        mlm=not args.no_pretrain,
        smoke=args.smoke,
        gpus=args.gpus,
    )
    return cfg


def drop_mlm(cfg: dict) -> None:
    """Make a config pretrain by image-text matching alone.

    Args:
        cfg (dict): Config of the pretraining; it is changed.
    """
    cfg['model']['task']['with_mlm'] = False
    for part in find_dicts(cfg, 'pipeline'):
        part['pipeline'] = [
            step for step in part['pipeline'] if step['type'] != 'MaskTokens'
        ]
        for step in part['pipeline']:
            if 'algorithm_keys' in step:
                step['algorithm_keys'] = tuple(
                    k for k in step['algorithm_keys'] if k != 'mlm_labels'
                )


def shorten(cfg: dict) -> None:
    """Make a config train for one epoch, or for 4 steps.

    Args:
        cfg (dict): Config of a training; it is changed.
    """
    loop = cfg['train_cfg']
    key, length = (
        ('max_epochs', 1) if 'max_epochs' in loop else ('max_iters', 4)
    )
    loop[key] = length
    for part in find_dicts(cfg['param_scheduler'], 'end'):
        part['end'] = length
