# Copyright (c) clipbert_mm contributors.
"""Default task of the quickstart: finding the video of a text."""

import argparse
import json
import time
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import MMLogger

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.quickstart.commands import suggest, suggest_training
from clipbert_mm.quickstart.configs import stage_config
from clipbert_mm.quickstart.corpus.annotations import read_lines
from clipbert_mm.quickstart.corpus.scene_captions import read_caption
from clipbert_mm.quickstart.corpus.scene_corpus import CorpusSettings, generate
from clipbert_mm.quickstart.stages import (
    report_time,
    result_title,
    say,
    test,
    train,
    trained_earlier,
)
from clipbert_mm.utils.config_files import config_file
from clipbert_mm.utils.whole_files import write_whole
from clipbert_mm.visualization import save_contact_sheet

SMOKE = dict(images=64, videos=32, gallery=10)


def run_retrieval(args: argparse.Namespace) -> None:
    """Pretrain, fine-tune, test, and search the gallery.

    Args:
        args (argparse.Namespace): Options of the quickstart.
    """
    if args.skip_train:
        cfg, checkpoint = trained_earlier('retrieval', args)
    else:
        say(f'1 of 5: the corpus in {args.work_dir / "corpus"}')
        write_corpus(args)
        cfg, checkpoint = train_to_retrieve(args)
    say('4 of 5: testing on the unseen gallery, every text with every video')
    metrics = test('test', cfg, checkpoint, args, 'scores.npz')
    if args.out is not None:
        saved = args.work_dir / 'test' / 'scores.npz'
        write_whole(args.out, saved.read_bytes())
        print(f'  score matrix (texts, videos) with ids: {args.out}')
    say('5 of 5: searching the gallery')
    search(cfg, checkpoint, args)
    report(metrics, cfg['quickstart'], args.work_dir)
    report_next(args)


def write_corpus(args: argparse.Namespace) -> None:
    """Write images and videos with captions, unless they exist.

    Args:
        args (argparse.Namespace): Options of the quickstart.
    """
    settings = CorpusSettings(seed=args.seed, **(SMOKE if args.smoke else {}))
    begin = time.time()
    wrote = generate(args.work_dir / 'corpus', settings)
    report_time('written' if wrote else 'found, written earlier', begin)


def train_to_retrieve(args: argparse.Namespace) -> tuple[dict, Path]:
    """Pretrain and fine-tune, unless that is finished.

    Args:
        args (argparse.Namespace): Options of the quickstart.

    Returns:
        tuple[dict, Path]: Config and checkpoint of the retrieval model.
    """
    say(
        '2 of 5: pretraining on images '
        + ('(ITM alone)' if args.no_pretrain else '(MLM + ITM)')
    )
    pretrained = train('pretrain', stage_config('pretrain', args), args)
    say('3 of 5: fine-tuning for retrieval on sparse clips of videos')
    digest = (args.work_dir / 'pretrain' / 'finished.txt').read_text()
    cfg = dict(
        stage_config('retrieval', args),
        load_from=str(pretrained),
        pretrained_with=digest,
    )
    train('retrieval', cfg, args)
    return trained_earlier('retrieval', args)


def search(cfg: dict, checkpoint: Path, args: argparse.Namespace) -> None:
    """Rank the gallery for the query and save the contact sheet.

    Args:
        cfg (dict): Config of the retrieval model.
        checkpoint (Path): Weights of the model.
        args (argparse.Namespace): Options of the quickstart.
    """
    MMLogger.get_current_instance().setLevel('ERROR')
    corpus = args.work_dir / 'corpus'
    rows = read_lines(corpus / 'annotations' / 'gallery_test.jsonl')
    query = args.query or rows[0]['caption']
    right = right_video(query, rows)
    start = time.time()
    videos = [str(corpus / 'videos' / f'{r["clip_name"]}.mp4') for r in rows]
    inferencer = ClipBERTInferencer(Config(cfg), checkpoint)
    ranking = inferencer.rank(query, videos)
    print(f'  query: {query}')
    captions = {row['clip_name']: row['caption'] for row in rows}
    for rank, match in enumerate(ranking[: args.top], 1):
        name = Path(match['video']).stem
        mark = '*' if name == right else ' '
        print(
            f'  {mark}{rank:3d}.  {match["score"]:.4f}  {name}.mp4  '
            f'({captions[name]})'
        )
    if right is None:
        print('  (no video matches the query in all five attributes)')
    else:
        names = [Path(match['video']).stem for match in ranking]
        print(
            f'  The right one (*), {right}.mp4, has rank '
            f'{names.index(right) + 1} of {len(names)}'
        )
    sheet = args.work_dir / 'contact_sheet.png'
    save_contact_sheet(
        str(sheet),
        query,
        ranking[: args.top],
        right and str(corpus / 'videos' / f'{right}.mp4'),
    )
    report_time('searched', start)
    print(f'  contact sheet: {sheet}')


def right_video(query: str, rows: list[dict]) -> str | None:
    """Return the video of the gallery that a query describes.

    Args:
        query (str): Any text.
        rows (list[dict]): Captions of the gallery.

    Returns:
        str | None: Name of the video; None if the query does not name all
        five attributes, or no video has them.

    Example:
        >>> caption = 'a big red disc moves at the left of a teal background'
        >>> rows = [dict(clip_name='gallery000', caption=caption)]
        >>> right_video('a large red circle, left, teal', rows)
        'gallery000'
    """
    try:
        wanted = read_caption(query)
    except ValueError:
        return None
    for row in rows:
        if read_caption(row['caption']) == wanted:
            return row['clip_name']
    return None


def report(metrics: dict[str, float], run: dict, work_dir: Path) -> None:
    """Print the metrics next to those of guessing, and save them.

    Args:
        metrics (dict[str, float]): Metrics by name.
        run (dict): Settings of the run, as
            :func:`~clipbert_mm.quickstart.configs.stage_config` notes them.
        work_dir (Path): Folder of the run, where ``result.json`` goes.
    """
    say(result_title(run, '' if run['mlm'] else ', pretrained without MLM'))
    for way, title in (('t2v', 'text to video'), ('v2t', 'video to text')):
        values = [metrics[f'{way}/R{k}'] for k in (1, 5, 10)]
        print(
            f'  {title}: R@1 {values[0]:.1f} %  R@5 {values[1]:.1f} %  '
            f'R@10 {values[2]:.1f} %  median rank '
            f'{metrics[f"{way}/MdR"]:g}'
        )
    gallery = len(
        read_lines(work_dir / 'corpus' / 'annotations' / 'gallery_test.jsonl')
    )
    chance = [100 * min(1, k / gallery) for k in (1, 5, 10)]
    print(
        '  chance:        R@1 {:.1f} %  R@5 {:.1f} %  R@10 {:.1f} %'.format(
            *chance
        )
    )
    write_whole(
        work_dir / 'result.json',
        json.dumps(dict(metrics, gallery=gallery, **run), indent=2),
    )


def report_next(args: argparse.Namespace) -> None:
    """Print what to do next.

    Args:
        args (argparse.Namespace): Options of the quickstart.
    """
    say('What next')
    asking = suggest(
        'quickstart',
        '--skip-train',
        *('--work-dir', args.work_dir),
        *('--query', 'a big red disc moves at the left of a black background'),
    )
    print(f"""  Look at {args.work_dir / 'contact_sheet.png'}
  Search for something else (takes seconds):
{asking}
  See what pretraining is worth:
{suggest('quickstart', '--no-pretrain', '--seed', args.seed)}
  Train on your own videos: write JSON lines {{"caption", "clip_name",
  "sen_id"}} as in {args.work_dir / 'corpus' / 'annotations'},
  name them in a copy of {args.work_dir / 'retrieval' / 'config.py'}, and run
{suggest_training()}
  The full-size recipe is
  {config_file('clipbert_msrvtt_ret')}""")
