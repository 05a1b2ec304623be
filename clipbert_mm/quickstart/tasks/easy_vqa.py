# Copyright (c) clipbert_mm contributors.
"""Task of the quickstart on files that others made: easy-VQA."""

import argparse
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import MMLogger

from clipbert_mm.annotations.official import easy_vqa as converter
from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.quickstart.commands import suggest, suggest_training
from clipbert_mm.quickstart.configs import run_config
from clipbert_mm.quickstart.corpus.annotations import read_lines
from clipbert_mm.quickstart.stages import (
    finish,
    report_time,
    result_title,
    save_accuracies,
    say,
    test,
    train,
    trained_earlier,
)
from clipbert_mm.utils.config_files import config_file
from clipbert_mm.utils.extras import import_extra
from clipbert_mm.utils.whole_files import write_whole

TASK = 'easy-vqa'
CONFIG = 'clipbert_easy_vqa'
FOLDER = 'easy_vqa_data'
SMOKE_IMAGES = 16
THREADS = 1  # the worker that reads the images has the other core
QUERY = 'what shape is in the image?'


def run_easy_vqa(args: argparse.Namespace) -> None:
    """Convert the files of the package, train, test, and ask a question.

    Args:
        args (argparse.Namespace): Options of the quickstart.
    """
    images = package_data()
    say(f'1 of 4: the questions, in {args.work_dir / FOLDER}')
    convert(images, args)
    if not args.skip_train:
        say('2 of 4: training to answer')
        train(TASK, easy_vqa_config(images, args), args, THREADS)
    cfg, checkpoint = trained_earlier(TASK, args)
    say('3 of 4: testing on the test images')
    metrics = test(f'test_{TASK}', cfg, checkpoint, args, 'answers.json')
    if args.out is not None:
        saved = args.work_dir / f'test_{TASK}' / 'answers.json'
        write_whole(args.out, saved.read_bytes())
        print(f'  all answers: {args.out}')
    say('4 of 4: a question about test images')
    ask(cfg, checkpoint, args)
    report(args, cfg['quickstart'], metrics)
    report_next(args)


def package_data() -> Path:
    """Return the folder with the files of the package ``easy-vqa``.

    Returns:
        Path: Folder with ``train`` and ``test``.

    Raises:
        SystemExit: If the package is not installed.
    """
    try:
        package = import_extra('easy_vqa', 'real-data')
    except ImportError as error:
        sys.exit(f'--task {TASK} reads the images of easy-VQA: {error}')
    return Path(package.__path__[0], 'data')


def convert(images: Path, args: argparse.Namespace) -> None:
    """Write the questions as annotations, unless they exist.

    Args:
        images (Path): Folder with the published files.
        args (argparse.Namespace): Options of the quickstart.
    """
    folder = args.work_dir / FOLDER
    paths = {
        split: str(images / split / 'questions.json')
        for split in ('train', 'test')
    }

    def run(_: Path) -> None:
        options = ['--out', str(folder / 'annotations')]
        for split, path in paths.items():
            options += [f'--{split}', path]
        if converter.main(options):
            sys.exit(1)  # the converter has said why

    start = time.time()
    wrote = finish(folder, paths, run)
    report_time('written' if wrote else 'found, written earlier', start)


def easy_vqa_config(images: Path, args: argparse.Namespace) -> dict:
    """Return the shipped config, with the images where pip put them.

    Args:
        images (Path): Folder with the published files.
        args (argparse.Namespace): Options of the quickstart.

    Returns:
        dict: The config.
    """
    cfg = run_config(CONFIG, TASK, args, args.work_dir / FOLDER)
    for split in ('train', 'test'):
        dataset = cfg[f'{split}_dataloader']['dataset']
        dataset['data_prefix'] = dict(img=str(images))
        if args.smoke:
            dataset['indices'] = SMOKE_IMAGES
    return cfg


def ask(cfg: dict, checkpoint: Path, args: argparse.Namespace) -> None:
    """Ask the query about the first test images.

    Args:
        cfg (dict): Config of the model.
        checkpoint (Path): Weights of the model.
        args (argparse.Namespace): Options of the quickstart.
    """
    MMLogger.get_current_instance().setLevel('ERROR')
    inferencer = ClipBERTInferencer(Config(cfg), checkpoint)
    query = args.query or QUERY
    print(f'  {query}')
    dataset = cfg['test_dataloader']['dataset']
    known = shown_in_images(test_questions(args))
    for image, shown in list(known.items())[: args.top]:
        path = Path(dataset['data_prefix']['img'], image + '.png')
        best = inferencer.answer(path, query, top_k=3)
        print(
            f'  {image}.png  '
            + '  '.join(f'{answer} {score:.2f}' for answer, score in best)
            + f'  ({shown})'
        )


def test_questions(args: argparse.Namespace) -> list[dict]:
    """Return the questions of the test, with right answers."""
    return read_lines(args.work_dir / FOLDER / 'annotations' / 'test.jsonl')


def shown_in_images(questions: list[dict]) -> dict[str, str]:
    """Return what images show, from the answers to their questions.

    Args:
        questions (list[dict]): Rows of an annotation file.

    Returns:
        dict[str, str]: Color and shape, as far as they are answers, by the
        name of the image.

    Example:
        >>> rows = [dict(image_id='a', answer=answer, answer_type=kind)
        ...         for answer, kind in (('no', 'yes/no'), ('red', 'color'))]
        >>> shown_in_images(rows)
        {'a': 'red'}
    """
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in questions:
        shown = found[row['image_id']]
        if row['answer_type'] != 'yes/no':
            shown.add((row['answer_type'], row['answer']))
    return {
        image: ' '.join(answer for _, answer in sorted(shown))
        for image, shown in found.items()
    }


def guessing(known: list[dict], questions: list[dict]) -> dict[str, float]:
    """Return the accuracy of the most frequent answer of each type.

    Args:
        known (list[dict]): Questions of training, with their answers.
        questions (list[dict]): Questions of the test.

    Returns:
        dict[str, float]: Percent, by the names of the metric.

    Example:
        >>> row = dict(answer='red', answer_type='color')
        >>> guessing([row], [row, dict(row, answer='blue')])
        {'acc': 50.0, 'acc/color': 50.0}
    """
    counts: dict[str, Counter] = defaultdict(Counter)
    for row in known:
        counts[row['answer_type']][row['answer']] += 1
    hits = defaultdict(list)
    for row in questions:
        guess = counts[row['answer_type']].most_common(1)[0][0]
        for name in ('acc', f'acc/{row["answer_type"]}'):
            hits[name].append(guess == row['answer'])
    return {name: 100 * sum(row) / len(row) for name, row in hits.items()}


def report(
    args: argparse.Namespace, run: dict, metrics: dict[str, float]
) -> None:
    """Print the accuracies next to those of guessing, and save them.

    Args:
        args (argparse.Namespace): Options of the quickstart.
        run (dict): Settings of the run, as
            :func:`~clipbert_mm.quickstart.configs.run_config` notes them.
        metrics (dict[str, float]): Metrics of the test.
    """
    questions = test_questions(args)
    known = read_lines(args.work_dir / FOLDER / 'annotations' / 'train.jsonl')
    chance = guessing(known, questions)
    say(result_title(run, ', questions about the test images'))
    print(f'  {"right answers":15s} {"model":>7s}  most frequent of the type')
    for name, value in sorted(chance.items()):
        kind = name.removeprefix('acc').lstrip('/') or 'all'
        print(f'  {kind:15s} {metrics[name]:5.1f} %  {value:7.1f} %')
    save_accuracies(args, run, metrics, chance)


def report_next(args: argparse.Namespace) -> None:
    """Print what to do next.

    Args:
        args (argparse.Namespace): Options of the quickstart.
    """
    say('What next')
    asking = suggest(
        'quickstart',
        *('--task', TASK, '--skip-train'),
        *('--work-dir', args.work_dir),
        *('--query', 'is there a red triangle?'),
    )
    print(f"""  Ask something else (takes seconds):
{asking}
  Train on your own questions: write JSON lines as in
  {args.work_dir / FOLDER / 'annotations'}, name them in a copy of
  {config_file(CONFIG)}, and run
{suggest_training()}""")
