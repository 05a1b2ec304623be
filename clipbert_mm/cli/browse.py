# Copyright (c) clipbert_mm contributors.
r"""Draw what the model of a config is fed: clips with their texts.

Each image shows one item after the pipeline: all frames of its clips as they
were sampled, resized, padded and cropped, its texts token by token, and its
labels. A training item is that of the first epoch with the seed of the config.
Nothing but the normalisation by the data preprocessor is missing.

Example:
    clipbert-mm browse clipbert_msrvtt_ret --out seen --number 4
    clipbert-mm browse configs/clipbert_vqa.py --out seen --split val \
        --cfg-options data_root=vqa
    python tools/visualizations/browse_dataset.py clipbert_msrvtt_qa --out seen

Exit status: 0 if all images were written, 1 if an item cannot be drawn, 2 if
the config is invalid.
"""

import argparse
import sys
from collections.abc import Sequence

from clipbert_mm.utils.checks import check_integer
from clipbert_mm.utils.error_text import first_line
from clipbert_mm.utils.outputs import OutputError, check_output_folder
from clipbert_mm.utils.printing import print_text, printable

from .run_options import SPLITS, add_config


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_config(parser)
    parser.add_argument(
        '--out', required=True, metavar='DIR', help='folder of the images'
    )
    parser.add_argument(
        '--split',
        choices=SPLITS,
        default='train',
        help='split to draw; default: %(default)s',
    )
    parser.add_argument(
        '--number',
        type=int,
        default=8,
        help='maximum number of items, spread over the split; default: '
        '%(default)s',
    )
    parser.add_argument(
        '--frame-size',
        type=int,
        default=160,
        help='side of the square of a frame, in pixels; default: %(default)s',
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv (Sequence[str] | None): Arguments; None takes those of the
            process. Defaults to None.

    Returns:
        int: 0, 1 if an item cannot be drawn, 2 if an argument or the config
        is invalid.
    """
    args = parse_args(argv)
    # Imported here: they bring PyTorch, which --help does not need.
    from .browsing import draw_items, open_dataset
    from .data_check import ConfigError

    try:
        check_integer('--number', args.number, 1)
        check_integer('--frame-size', args.frame_size, 64)
        check_output_folder('--out', args.out)
        dataset, seed = open_dataset(args)
    except (ConfigError, OutputError, ValueError, OSError) as error:
        print_text(str(error), sys.stderr)
        return 2
    failures = 0
    for name, outcome in draw_items(dataset, seed, args):
        if isinstance(outcome, Exception):
            failures += 1
            print_text(
                printable(f'{name} is not drawn: {first_line(outcome)}'),
                sys.stderr,
            )
        else:
            print_text(printable(outcome))
    return int(failures > 0)


if __name__ == '__main__':
    sys.exit(main())
