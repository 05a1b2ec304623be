# Copyright (c) clipbert_mm contributors.
r"""Check the data of a config before training or testing with it.

Prints figures of the dataset of each dataloader, then all problems, not only
the first. Problems are mistakes in annotation files, missing or unreadable
media, media that two splits share, and a vocabulary or tokenizer that cannot
be loaded. Notes are properties that published datasets have too: repeated
texts, cut texts, test answers outside the vocabulary. The members of a
ConcatTextDataset are checked one by one: `train[0]` is the first one for
training.

Example:
    python tools/data/check.py clipbert_msrvtt_ret --json msrvtt.json
    python tools/data/check.py configs/clipbert_vqa.py --splits train val \
        --decode first --cfg-options data_root=vqa

Exit status: 0 without problems, 1 with problems, 2 if the config is invalid.
"""

import argparse
import functools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import DictAction
from mmengine.registry import init_default_scope

from clipbert_mm.datasets.checking.media import check_leaks, check_media
from clipbert_mm.datasets.checking.report import CheckReport
from clipbert_mm.datasets.checking.split import (
    ConfigError,
    members_of,
    open_split,
)
from clipbert_mm.datasets.checking.texts import check_texts
from clipbert_mm.media.probe import DECODE
from clipbert_mm.utils.config_loading import load_config

SPLITS = ('train', 'val', 'test')
MOST_SHOWN = 10


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'config', help='path of a config, or name of a shipped one'
    )
    parser.add_argument(
        '--splits',
        nargs='+',
        choices=SPLITS,
        help='splits to check; default: all splits of the config',
    )
    parser.add_argument(
        '--decode',
        choices=DECODE,
        default='pipeline',
        help='part of each medium to read: nothing, its header, its first '
        'frame, or everything that the pipeline reads; default: %(default)s',
    )
    parser.add_argument(
        '--workers',
        type=int,
        default=os.cpu_count(),
        help='decoding processes, 0 for none; default: one per core',
    )
    parser.add_argument(
        '--timeout',
        type=float,
        default=120,
        help='seconds after which a medium counts as unreadable (needs '
        'workers); default: %(default)s',
    )
    parser.add_argument(
        '--json',
        metavar='FILE',
        help='write all figures and findings to this file',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='change the config, for example data_root=data',
    )
    return parser.parse_args(argv)


def read_datasets(args: argparse.Namespace) -> dict[str, dict]:
    """Return the configs of the datasets, equal ones joined.

    Args:
        args (argparse.Namespace): Command line of :func:`parse_args`.

    Returns:
        dict[str, dict]: Config of a dataset, or of each member of a
        ``ConcatTextDataset``, by name of the split; splits with equal configs
        share one entry, such as ``'val, test'``.

    Raises:
        ConfigError: If the config cannot be read or lacks a dataset.
    """
    try:
        cfg = load_config(args.config, args.cfg_options)
        init_default_scope(cfg.get('default_scope', 'mmaction'))
    except Exception as error:  # configs are code, which raises anything
        raise ConfigError(
            f'{args.config} cannot be read: {type(error).__name__}: {error}'
        ) from error
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
        args (argparse.Namespace): Command line of :func:`parse_args`.

    Returns:
        CheckReport: Figures, problems and notes.

    Raises:
        ConfigError: If the config is invalid.
    """
    report = CheckReport(args.config)
    splits = []
    for name, config in read_datasets(args).items():
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
    return report


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv (Sequence[str] | None): Arguments; None takes those of the
            process. Defaults to None.

    Returns:
        int: 0, 1 if there are problems, 2 if the config is invalid.
    """
    args = parse_args(argv)
    try:
        report = check(args)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    print(report.to_text(MOST_SHOWN))
    if args.json is not None:
        Path(args.json).write_text(report.to_json() + '\n', 'utf-8')
    return int(bool(report.problems))


if __name__ == '__main__':
    sys.exit(main())
