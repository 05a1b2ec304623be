# Copyright (c) clipbert_mm contributors.
"""Pretraining task of the quickstart, tested on unseen images."""

import argparse
import copy
import json
from pathlib import Path

from clipbert_mm.quickstart.commands import suggest, suggest_training
from clipbert_mm.quickstart.configs import stage_config
from clipbert_mm.quickstart.corpus.annotations import read_lines
from clipbert_mm.quickstart.stages import (
    result_title,
    say,
    test,
    train,
    trained_earlier,
)
from clipbert_mm.utils.config_files import config_file
from clipbert_mm.utils.whole_files import write_whole

from .masked_words import MaskedWord, masked_words, text_baselines
from .retrieval import write_corpus


def run_pretrain(args: argparse.Namespace) -> None:
    """Write the corpus, pretrain, and test on images of new combinations.

    Args:
        args (argparse.Namespace): Options of the quickstart.
    """
    if not args.skip_train:
        say(f'1 of 3: the corpus in {args.work_dir / "corpus"}')
        write_corpus(args)
        say('2 of 3: pretraining on images (MLM + ITM)')
        train('pretrain', stage_config('pretrain', args), args)
    cfg, checkpoint = trained_earlier('pretrain', args)
    say('3 of 3: testing on images of unseen combinations')
    matching = test('test_itm', cfg, checkpoint, args)
    own = own_captions(cfg)
    words = test('test_mlm', own, checkpoint, args)
    report(
        args.work_dir,
        cfg['quickstart'],
        dict(itm_acc=matching['itm_acc'], mlm_acc=words['mlm_acc']),
        list(masked_words(own)),
    )
    report_next(args.work_dir)


def own_captions(cfg: dict) -> dict:
    """Return a config that tests every image with its own captions only.

    Args:
        cfg (dict): Config of the pretraining.

    Returns:
        dict: A changed copy.
    """
    cfg = copy.deepcopy(cfg)
    cfg['test_dataloader']['dataset']['negative_prob'] = 0.0
    return cfg


def report(
    work_dir: Path,
    run: dict,
    metrics: dict[str, float],
    masked: list[MaskedWord],
) -> None:
    """Print both accuracies next to those of guessing, and save them.

    Args:
        work_dir (Path): Folder of the run.
        run (dict): Settings of the run, as
            :func:`~clipbert_mm.quickstart.configs.stage_config` notes them.
        metrics (dict[str, float]): ``mlm_acc`` and ``itm_acc``, percent.
        masked (list[MaskedWord]): Masked words of the test.
    """
    folder = work_dir / 'corpus' / 'annotations'
    captions = [
        row['caption'] for row in read_lines(folder / 'images_train.jsonl')
    ]
    baselines = text_baselines(captions, masked)
    say(result_title(run, ', on images of unseen combinations'))
    print(
        f'  {metrics["mlm_acc"]:5.1f} %  of {len(masked)} masked words are '
        'predicted right (MLM)'
    )
    for name, value in baselines.items():
        print(f'  {value:5.1f} %    without the image: {name}')
    print(
        f'  {metrics["itm_acc"]:5.1f} %  of texts are rightly judged to match '
        'or not (ITM)\n   50.0 %    by chance'
    )
    write_whole(
        work_dir / 'result_pretrain.json',
        json.dumps(
            dict(metrics, baselines=baselines, masked=len(masked), **run),
            indent=2,
        ),
    )


def report_next(work_dir: Path) -> None:
    """Print what to do next.

    Args:
        work_dir (Path): Folder of the run.
    """
    say('What next')
    print(f"""  Fine-tune for retrieval from here, without pretraining again:
{suggest('quickstart', '--work-dir', work_dir)}
  Pretrain on your own images: name them in a copy of
  {work_dir / 'pretrain' / 'config.py'}, and run
{suggest_training()}
  The full-size recipe is
  {config_file('clipbert_coco-vg_pretrain')}""")
