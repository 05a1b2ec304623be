# Copyright (c) clipbert_mm contributors.
"""Cascade on new videos of finished quickstarts.

The videos show the combinations of attributes that training never saw, drawn
and described again for each gallery. All clips of all pairs are scored once,
resumably, and the cascades select from these logits with the functions that
``PairScoringLoop`` uses.
"""

import argparse
import json
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import Tensor

from clipbert_mm.gallery.merge import Score, model_score
from clipbert_mm.gallery.store import ScoreStore
from clipbert_mm.host.device import fit_to_device
from clipbert_mm.quickstart.corpus.annotations import (
    SPLITS,
    Item,
    describe_item,
    write_lines,
)
from clipbert_mm.quickstart.corpus.media import prepare, write_media
from clipbert_mm.quickstart.corpus.scene_corpus import (
    CorpusSettings,
    plan_items,
    write_item,
)
from tools.benchmarks.harness import machine_line, print_table

from .rows import HEADER, add_cascade_options, settings_of, table_rows, verdict


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this measurement.

    Args:
        parser (argparse.ArgumentParser): Parser to change.
    """
    parser.add_argument(
        'quickstart',
        type=finished_quickstart,
        nargs='+',
        help='folder of a finished quickstart; several are pooled',
    )
    parser.add_argument(
        '--galleries',
        type=int,
        default=5,
        help='galleries of each quickstart (default: %(default)s)',
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs') / 'cascade_gallery',
        help='folder of videos and scores, which are made once (default: '
        '%(default)s)',
    )
    parser.add_argument(
        '--threads', type=int, default=2, help='threads of torch'
    )
    parser.add_argument(
        '--quick', action='store_true', help='one gallery of eight videos'
    )
    add_cascade_options(parser)


def finished_quickstart(folder: str) -> Path:
    """Return the path of a finished quickstart.

    Args:
        folder (str): Folder that the command line names.

    Returns:
        Path: The folder.

    Raises:
        argparse.ArgumentTypeError: If no quickstart is finished in it.
    """
    if not (Path(folder) / 'retrieval' / 'finished.txt').exists():
        raise argparse.ArgumentTypeError(
            f'{folder} is not a finished quickstart: it has no '
            'retrieval/finished.txt. Run tools/quickstart.sh '
            f'--work-dir {folder}'
        )
    return Path(folder)


def write_gallery(
    root: Path, corpus: Path, number: int, size: int | None
) -> None:
    """Write other videos of a corpus's unseen combinations, unless they exist.

    Args:
        root (Path): Folder of the gallery.
        corpus (Path): Folder of the quickstart's corpus.
        number (int): Number of the gallery, which its draws follow from.
        size (int | None): Maximum number of videos.
    """
    stamp = json.loads((corpus / 'corpus.json').read_text())
    for key in ('layout', 'complete'):
        del stamp[key]
    unseen = plan_items(root, CorpusSettings(**stamp))['gallery_test'][:size]
    items = [
        # Larger than the number of any split of the corpus.
        Item(
            item.path,
            item.combination,
            (stamp['seed'], len(SPLITS) + number, i),
        )
        for i, item in enumerate(unseen)
    ]
    with prepare(
        root, dict(stamp, number=number, size=size), ('videos', 'annotations')
    ) as needed:
        if not needed:
            return
        write_media(write_item, items, 2)
        rows: list[dict] = []
        for item in items:
            (caption,) = describe_item(item, 'video', 1)
            rows.append(
                dict(
                    caption=caption, clip_name=item.path.stem, sen_id=len(rows)
                )
            )
        write_lines(root / 'annotations' / 'gallery_test.jsonl', rows)


def score_all_clips(
    quickstart: Path, gallery: Path, num_clips: int
) -> tuple[Tensor, Score]:
    """Score all clips of a gallery by ``PairScoringLoop``.

    Args:
        quickstart (Path): Folder of the quickstart with the trained model.
        gallery (Path): Folder from :func:`write_gallery`; the scores go there
            too.
        num_clips (int): Number of clips ``C``.

    Returns:
        tuple[Tensor, Score]: Logits ``(N, M, C, K)``, and the function that
        the model turns them into scores with.
    """
    cfg = Config.fromfile(quickstart / 'retrieval' / 'config.py')
    cfg.test_dataloader.dataset.data_root = str(gallery)
    for transform in cfg.test_dataloader.dataset.pipeline:
        if transform.type == 'SparseClipSampler':
            transform.num_clips = num_clips
    cfg.test_cfg = dict(type='PairScoringLoop', store=f'clips{num_clips}')
    cfg.work_dir = str(gallery)
    cfg.load_from, cfg.resume, cfg.launcher = None, False, 'none'
    runner = Runner.from_cfg(fit_to_device(cfg))
    (checkpoint,) = (quickstart / 'retrieval').glob('epoch_*.pth')
    runner.load_checkpoint(str(checkpoint), strict=True)
    runner.test()
    store = ScoreStore(gallery / f'clips{num_clips}' / 'all', {})
    rows = [store.read(row) for row in sorted(store.video_inds())]
    return torch.stack([row.clip_logits for row in rows]), model_score(
        runner.model
    )


def run(args: argparse.Namespace) -> None:
    """Score the galleries and print the table.

    Args:
        args (argparse.Namespace): Options of :func:`add_options`.
    """
    torch.set_num_threads(args.threads)
    galleries = []
    for quickstart in args.quickstart:
        for number in range(1 if args.quick else args.galleries):
            root = (
                args.work_dir.resolve()
                / quickstart.resolve().name
                / f'gallery{number}'
            )
            write_gallery(
                root, quickstart / 'corpus', number, 8 if args.quick else None
            )
            logits, score = score_all_clips(quickstart, root, args.clips)
            galleries.append(logits)
    rows = list(table_rows(galleries, score, settings_of(args)))
    queries = sum(logits.shape[1] for logits in galleries)
    print(f'\n{machine_line()}\n')
    print_table(
        f'{len(args.quickstart)} quickstarts, {len(galleries)} galleries of '
        f'{len(galleries[0])} videos, {queries:,} queries, {args.clips} clips',
        HEADER,
        rows,
    )
    print(verdict(rows, queries))
