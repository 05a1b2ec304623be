# Copyright (c) clipbert_mm contributors.
"""The quickstart's pretraining by itself, tested on images it never saw."""

import argparse
import copy
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from clipbert_mm.quickstart.configs import stage_config
from clipbert_mm.quickstart.corpus.annotations import read_lines
from clipbert_mm.quickstart.stages import (
    TOOLS,
    say,
    test,
    train,
    trained_earlier,
)

from .retrieval import write_corpus


class MaskedWord(NamedTuple):
    """A masked word and the words beside it."""

    before: str
    word: str
    after: str


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
        args,
        cfg['quickstart'],
        dict(itm_acc=matching['itm_acc'], mlm_acc=words['mlm_acc']),
        list(masked_words(own)),
    )


def own_captions(cfg: dict) -> dict:
    """The config with test texts that all belong to their images.

    Args:
        cfg (dict): Of the pretraining.
    """
    cfg = copy.deepcopy(cfg)
    cfg['test_dataloader']['dataset']['negative_prob'] = 0.0
    return cfg


def masked_words(cfg: dict) -> Iterator[MaskedWord]:
    """The words that are masked in the test.

    Args:
        cfg (dict): Config of the test.

    Yields:
        MaskedWord: Each of them, with its neighbours as they are without
        masks.
    """
    from mmengine.registry import DATASETS, init_default_scope

    import clipbert_mm  # noqa: F401  (registers the dataset)
    from clipbert_mm.datasets.tokenizer import load_tokenizer

    init_default_scope('mmaction')
    dataset = DATASETS.build(cfg['test_dataloader']['dataset'])
    tokenizer = load_tokenizer(cfg['tokenizer'])
    for number in range(len(dataset)):
        item = dataset[number]
        rows = zip(
            item['inputs']['input_ids'].tolist(),
            item['data_samples'].mlm_labels.tolist(),
        )
        for ids, labels in rows:
            text = tokenizer.convert_ids_to_tokens(
                [
                    i if label == -100 else label
                    for i, label in zip(ids, labels)
                ]
            )
            for place, label in enumerate(labels):
                if label != -100:
                    yield MaskedWord(*text[place - 1 : place + 2])


def text_baselines(
    captions: list[str], masked: list[MaskedWord]
) -> dict[str, float]:
    """How often words are guessed without the image, percent.

    Args:
        captions (list[str]): Of training.
        masked (list[MaskedWord]): Of the test.

    Returns:
        dict[str, float]: ``most frequent word``: of the captions, and ``most
        frequent between its neighbours``: among the words that occur between
        the same two words.
    """
    words: Counter = Counter()
    between: dict[tuple[str, str], Counter] = {}
    for caption in captions:
        text = ['[CLS]', *caption.split(), '[SEP]']
        words.update(text[1:-1])
        for before, word, after in zip(text, text[1:], text[2:]):
            between.setdefault((before, after), Counter())[word] += 1
    frequent = words.most_common(1)[0][0]
    hits = [word.word == frequent for word in masked]
    beside = [
        between.get((word.before, word.after), words).most_common(1)[0][0]
        == word.word
        for word in masked
    ]
    return {
        'most frequent word': 100 * sum(hits) / len(hits),
        'most frequent between its neighbours': 100
        * sum(beside)
        / len(beside),
    }


def report(
    args: argparse.Namespace,
    run: dict,
    metrics: dict[str, float],
    masked: list[MaskedWord],
) -> None:
    """Print both accuracies beside what guessing gives, and keep them.

    Args:
        args (argparse.Namespace): Options of the quickstart.
        run (dict): What was trained, as :func:`stage_config` notes it.
        metrics (dict[str, float]): ``mlm_acc`` and ``itm_acc``, percent.
        masked (list[MaskedWord]): Of the test.
    """
    folder = args.work_dir / 'corpus' / 'annotations'
    captions = [
        row['caption'] for row in read_lines(folder / 'images_train.jsonl')
    ]
    baselines = text_baselines(captions, masked)
    say(
        f'Result with seed {run["seed"]}, on images of unseen combinations'
        + (' (a smoke run: the numbers mean nothing)' if run['smoke'] else '')
    )
    print(
        f'  {metrics["mlm_acc"]:5.1f} %  of {len(masked)} masked words are '
        'right (MLM)'
    )
    for name, value in baselines.items():
        print(f'  {value:5.1f} %    without the image: {name}')
    print(
        f'  {metrics["itm_acc"]:5.1f} %  of texts are rightly told to match '
        'or not (ITM)\n   50.0 %    by chance'
    )
    (args.work_dir / 'result_pretrain.json').write_text(
        json.dumps(
            dict(metrics, baselines=baselines, masked=len(masked), **run),
            indent=2,
        )
    )
    say('What next')
    print(f"""  Fine-tune from it for retrieval (it is not trained again):
    {TOOLS / 'quickstart.sh'} --work-dir {args.work_dir}
  Pretrain on your own images: copy {args.work_dir / 'pretrain' / 'config.py'}
  and run
    source {Path(sys.executable).parent / 'activate'}
    {TOOLS / 'dist_train.sh'} YOUR_CONFIG.py NUMBER_OF_GPUS
  The full-size recipe is configs/clipbert_coco-vg_pretrain.py.""")
