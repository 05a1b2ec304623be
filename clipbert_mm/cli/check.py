# Copyright (c) clipbert_mm contributors.
r"""Check the data of a config before training or testing with it.

Prints figures of the dataset of each dataloader, then all problems, not only
the first. Problems are mistakes in annotation files, missing or unreadable
media, media that two splits share, a vocabulary or tokenizer that cannot be
loaded, and a checkpoint or BERT that the model cannot start from. Notes are
properties that published datasets have too: repeated texts, cut texts, test
answers outside the vocabulary. The members of a ConcatTextDataset are checked
one by one: `train[0]` is the first one for training.

Example:
    clipbert-mm check clipbert_msrvtt_ret --json msrvtt.json
    clipbert-mm check configs/clipbert_vqa.py --splits train val \
        --decode first --cfg-options data_root=vqa
    python tools/data/check.py clipbert_msrvtt_ret --decode all --workers 8

Exit status: 0 without problems, 1 with problems, 2 if the config is invalid.
"""

import argparse
import sys
from collections.abc import Sequence

from clipbert_mm.media.backends import DECODE
from clipbert_mm.utils.outputs import OutputError, check_output_file
from clipbert_mm.utils.printing import only_json
from clipbert_mm.utils.whole_files import write_whole

from .run_options import SPLITS, add_config, positive_seconds, worker_number

MOST_SHOWN = 10


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_config(parser)
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
        'frame, what the pipeline reads, or all frames, in order to find any '
        'damage that FFmpeg reports; default: %(default)s',
    )
    parser.add_argument(
        '--workers',
        type=worker_number,
        help='decoding processes, 0 for none; default: one per core, and '
        'none for few media',
    )
    parser.add_argument(
        '--timeout',
        type=positive_seconds,
        default=120,
        help='seconds after which a medium counts as unreadable (needs '
        'workers); default: %(default)s',
    )
    parser.add_argument(
        '--json',
        nargs='?',
        const='-',
        metavar='FILE',
        help='write all figures and findings to this file; without a name, '
        'print them and nothing else',
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv (Sequence[str] | None): Arguments; None takes those of the
            process. Defaults to None.

    Returns:
        int: 0, 1 if there are problems, 2 if the config is invalid.
    """
    args = parse_args(argv)
    # Imported here: they bring PyTorch, which --help does not need.
    from .data_check import ConfigError, check

    try:
        if args.json not in (None, '-'):
            check_output_file('--json', args.json, sources=[args.config])
        with only_json(args.json == '-'):
            report = check(args)
    except (ConfigError, OutputError) as error:
        print(error, file=sys.stderr)
        return 2
    if args.json == '-':
        print(report.to_json())
        return int(bool(report.problems))
    print(report.to_text(MOST_SHOWN))
    if args.json is not None:
        write_whole(args.json, report.to_json() + '\n')
    return int(bool(report.problems))


if __name__ == '__main__':
    sys.exit(main())
