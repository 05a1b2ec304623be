# Copyright (c) clipbert_mm contributors.
"""Train, test and use a small ClipBERT in minutes, from nothing.

By default it makes a corpus of videos and images, pretrains on the images
(MLM + ITM), fine-tunes for retrieval on sparse clips of the videos, tests on
a gallery of unseen combinations, and ranks the gallery for a query. Other
tasks answer questions about videos in which something happens, choose among
options, or test the pretraining. What is finished with the same settings is
not done again, so that asking another query is quick.

Example:
    python tools/quickstart.py
    python tools/quickstart.py --query 'a big red disc moves at the left'
    python tools/quickstart.py --task qa
"""

import time
import warnings

from clipbert_mm.quickstart.options import parse_args
from clipbert_mm.quickstart.tasks.answers import run_answers
from clipbert_mm.quickstart.tasks.pretrain import run_pretrain
from clipbert_mm.quickstart.tasks.retrieval import run_retrieval

RUNS = dict(
    retrieval=run_retrieval,
    qa=run_answers,
    mc=run_answers,
    pretrain=run_pretrain,
)


def main() -> None:
    """Run a task."""
    args = parse_args()
    # mmcv-lite has no compiled operators; ClipBERT uses none.
    warnings.filterwarnings('ignore', 'Fail to import ``MultiScale')
    start = time.time()
    RUNS[args.task](args)
    print(f'  all of it took {time.time() - start:.0f} s', flush=True)


if __name__ == '__main__':
    main()
