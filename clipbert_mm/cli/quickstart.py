# Copyright (c) clipbert_mm contributors.
"""Train, test and use a small ClipBERT in minutes, without data or a GPU.

By default it writes a corpus of videos and images, pretrains on the images
(MLM + ITM), fine-tunes for retrieval on sparse clips of the videos, tests on
a gallery of unseen combinations, and ranks the gallery for a query. Other
tasks answer questions about videos in which something happens, choose among
options, or test the pretraining. Whatever is finished with the same settings
is not repeated, so that another query takes seconds.

Example:
    python -m clipbert_mm.cli.quickstart
    python -m clipbert_mm.cli.quickstart --query 'a big red disc at the left'
    python -m clipbert_mm.cli.quickstart --task qa
"""

import time
import warnings

from clipbert_mm.quickstart.options import parse_args


def main() -> None:
    """Run a task."""
    args = parse_args()
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
