# Copyright (c) clipbert_mm contributors.
"""Make the models and videos that come with the package.

They are those of the quickstart: its models of retrieval and question
answering in half precision, and the first of its test videos, whose scenes
training never shows. The exported models are tested on all test videos, and
their cards state the results::

    tools/quickstart.sh
    tools/quickstart.sh --task qa
    python -m clipbert_mm.quickstart.demo work_dirs/quickstart folder
"""

import argparse
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path

from mmengine.logging import MMLogger

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.media.opening import open_video
from clipbert_mm.quickstart.corpus.annotations import write_lines
from clipbert_mm.quickstart.stages import last_checkpoint, say
from clipbert_mm.utils.config_loading import load_config
from clipbert_mm.utils.whole_files import whole_folder
from clipbert_mm.weights import export_model
from clipbert_mm.weights.model_card import CARD_FILE, make_card

from .answering import AnsweringDemo
from .retrieval import RetrievalDemo

DEMOS: dict[str, type[RetrievalDemo] | type[AnsweringDemo]] = {
    'retrieval': RetrievalDemo,
    'qa': AnsweringDemo,
}


def main(argv: Sequence[str] | None = None) -> None:
    """Make the models from the command line.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.
    """
    parser = argparse.ArgumentParser(
        description='Make the models and videos that come with the package.'
    )
    parser.add_argument(
        'work_dir', type=Path, help='work folder of a finished quickstart'
    )
    parser.add_argument('out', type=Path, help='folder to write, new or empty')
    parser.add_argument(
        '--tasks',
        nargs='+',
        choices=list(DEMOS),
        default=list(DEMOS),
        help='models to make (default: both)',
    )
    args = parser.parse_args(argv)
    # mmcv-lite has no compiled operators; ClipBERT uses none.
    warnings.filterwarnings('ignore', 'Fail to import ``MultiScale')
    MMLogger.get_current_instance().setLevel('ERROR')
    with whole_folder(args.out) as folder:
        for task in args.tasks:
            make_demo(args.work_dir, folder, task)


def make_demo(work_dir: Path, out: Path, task: str) -> None:
    """Export a model with its card, and copy some of its test videos.

    Args:
        work_dir (Path): Work folder of a finished quickstart.
        out (Path): Existing folder to write ``<task>`` and ``<task>_videos``
            to.
        task (str): ``'retrieval'`` or ``'qa'``.
    """
    demo = DEMOS[task](work_dir)
    say(f'{task}: exporting the model')
    trained = work_dir / task
    config = load_config(trained / 'config.py')
    export_model(config, last_checkpoint(trained), out / task, half=True)
    say(f'{task}: testing the exported model on {len(demo.rows)} videos')
    inferencer = ClipBERTInferencer(out / task, device='cpu')
    facts = demo.measure(inferencer)
    for row in facts.results:
        print('  ' + '  '.join(f'{k}: {v}' for k, v in row.items()))
    card = make_card(facts, inferencer.model, inferencer.cfg)
    card.save(out / task / CARD_FILE)
    copy_videos(demo, out / f'{task}_videos')


def copy_videos(demo: RetrievalDemo | AnsweringDemo, folder: Path) -> None:
    """Copy the first test videos, and write what they show.

    Args:
        demo (RetrievalDemo | AnsweringDemo): Task with its test videos.
        folder (Path): New folder.
    """
    folder.mkdir()
    rows = []
    for row in demo.rows[: demo.shipped]:
        source = demo.corpus / 'videos' / row['video']
        with open_video(str(source)) as reader:
            end = reader.get_frame_timestamp([len(reader) - 1])[0, 1]
        shutil.copyfile(source, folder / source.name)
        rows.append(dict(row, duration=round(float(end), 3)))
    write_lines(folder / 'videos.jsonl', rows)


if __name__ == '__main__':
    main()
