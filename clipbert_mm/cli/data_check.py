# Copyright (c) clipbert_mm contributors.
"""Check of all splits of a config and of the files its model starts from."""

import argparse
import functools

from mmengine.config import Config
from mmengine.registry import init_default_scope

from clipbert_mm.datasets.checking.media import check_leaks, check_media
from clipbert_mm.datasets.checking.report import CheckReport
from clipbert_mm.datasets.checking.split import (
    ConfigError,
    members_of,
    open_split,
)
from clipbert_mm.datasets.checking.starts import check_starts
from clipbert_mm.datasets.checking.texts import check_texts
from clipbert_mm.utils.config_loading import load_config

from .run_options import SPLITS


def read_config(args: argparse.Namespace) -> Config:
    """Load the config.

    Args:
        args (argparse.Namespace): Command line of :func:`.check.parse_args`.

    Returns:
        Config: The config, with the options of the command line.

    Raises:
        ConfigError: If it cannot be read.
    """
    try:
        cfg = load_config(args.config, args.cfg_options)
        init_default_scope(cfg.get('default_scope', 'mmaction'))
    except (FileNotFoundError, ImportError, ValueError) as error:
        raise ConfigError(str(error)) from error
    return cfg


def read_datasets(cfg: Config, args: argparse.Namespace) -> dict[str, dict]:
    """Return the configs of the datasets, equal ones joined.

    Args:
        cfg (Config): The config.
        args (argparse.Namespace): Command line of :func:`.check.parse_args`.

    Returns:
        dict[str, dict]: Config of a dataset, or of each member of a
        ``ConcatTextDataset``, by name of the split; splits with equal configs
        share one entry, such as ``'val, test'``.

    Raises:
        ConfigError: If the config lacks a dataset.
    """
    found: dict[str, dict] = {}
    for name in args.splits or SPLITS:
        loader = cfg.get(f'{name}_dataloader')
        if loader is None and args.splits:
            raise ConfigError(
                f'{args.config} has no {name}_dataloader. Choose other '
                '--splits.'
            )
        if loader is None:
            continue
        datasets = members_of(name, loader.to_dict().get('dataset', {}))
        if not all('pipeline' in dataset for dataset in datasets.values()):
            raise ConfigError(
                f'{name}_dataloader of {args.config} must have '
                'a dataset with a pipeline.'
            )
        for part, dataset in datasets.items():
            same = next(
                (n for n, own in found.items() if own == dataset), part
            )
            found.pop(same, None)
            found[part if same == part else f'{same}, {part}'] = dataset
    if not found:
        raise ConfigError(
            f'{args.config} has none of the dataloaders of {SPLITS}.'
        )
    return found


def check(args: argparse.Namespace) -> CheckReport:
    """Check all splits.

    Args:
        args (argparse.Namespace): Command line of :func:`.check.parse_args`.

    Returns:
        CheckReport: Figures, problems and notes.

    Raises:
        ConfigError: If the config is invalid.
    """
    report = CheckReport(args.config)
    splits = []
    cfg = read_config(args)
    for name, config in read_datasets(cfg, args).items():
        report.figures[name] = {}
        split = open_split(name, config, report)
        if split is None:
            continue
        splits.append(split)
        report.figures[name].update(
            items=split.num_items, media=len(split.dataset.table.media)
        )
        check_texts(split, report)
        if split.files is not None:
            check_media(
                split,
                report,
                args.decode,
                args.workers,
                args.timeout,
                progress=functools.partial(print, flush=True),
            )
    check_leaks(splits, report)
    check_starts(cfg, report, training='train' in (args.splits or SPLITS))
    return report
