# Copyright (c) clipbert_mm contributors.
"""Train, test and use a small ClipBERT in minutes, without data or a GPU.

By default it writes a corpus of videos and images, pretrains on the images
(MLM + ITM), fine-tunes for retrieval on sparse clips of the videos, tests on
a gallery of unseen combinations, and ranks the gallery for a query. Other
tasks answer questions about videos in which something happens, choose among
options, or test the pretraining. Whatever is finished with the same settings
is not repeated, so that another query takes seconds.

Example:
    clipbert-mm quickstart
    clipbert-mm quickstart --query 'a big red disc at the left'
    clipbert-mm quickstart --task qa
"""

import argparse
import json
import sys
import time
import warnings

from clipbert_mm.quickstart.options import parse_args
from clipbert_mm.utils.locks import FolderInUseError, lock_folder
from clipbert_mm.utils.outputs import (
    OutputError,
    check_output_file,
    check_output_folder,
)
from clipbert_mm.utils.printing import only_json, print_json


def main(argv: list[str] | None = None) -> None:
    """Run a task.

    Args:
        argv (list[str] | None): Arguments. Defaults to None, those of the
            process.
    """
    args = parse_args(argv)
    try:
        check_output_folder('--work-dir', args.work_dir)
        if args.out is not None:
            check_output_file('--out', args.out)
        with (
            lock_folder(args.work_dir, 'pass another --work-dir'),
            only_json(args.json),
        ):
            _run(args)
        if args.json:
            print_json(_document(args))
    except (OutputError, FolderInUseError) as error:
        sys.exit(str(error))


def _document(args: argparse.Namespace) -> dict:
    name = 'result' if args.task == 'retrieval' else f'result_{args.task}'
    result = json.loads((args.work_dir / f'{name}.json').read_text())
    return dict(task=args.task, work_dir=str(args.work_dir), result=result)


def _run(args: argparse.Namespace) -> None:
    """Run a task in a work folder of its own."""
    # Imports PyTorch, which takes seconds: --help and the processes that
    # write the corpus do without.
    from clipbert_mm.quickstart.tasks import RUNS

    # mmcv-lite has no compiled operators; ClipBERT uses none.
    warnings.filterwarnings('ignore', 'Fail to import ``MultiScale')
    start = time.time()
    RUNS[args.task](args)
    print(f'  Total time: {time.time() - start:.0f} s', flush=True)


if __name__ == '__main__':
    main()
