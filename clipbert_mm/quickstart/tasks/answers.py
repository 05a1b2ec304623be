# Copyright (c) clipbert_mm contributors.
"""Question tasks of the quickstart: open answers, and five options."""

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
from clipbert_mm.quickstart.corpus.event_corpus import (
    EventSettings,
    generate_events,
)
from clipbert_mm.quickstart.stages import (
    report_time,
    result_title,
    save_accuracies,
    say,
    test,
    train,
    trained_earlier,
)
from clipbert_mm.utils.config_files import config_file
from clipbert_mm.utils.whole_files import write_whole

from .answer_scores import accuracies, given_answers, guesses

FOLDER = 'events'
# Reading videos takes as long as training on them: with more threads, the two
# get in each other's way on a small machine.
THREADS = 1
SHARED_STAGE = 'qa_sparse'
SECOND_STAGES = dict(
    qa='longer clips, which show how many times something happens',
    mc='choosing among options',
)
SMOKE = dict(train=32, test=6, draws=1)


def run_answers(args: argparse.Namespace) -> None:
    """Write the event videos, train, test, and show some answers.

    Args:
        args (argparse.Namespace): Options of the quickstart; ``task`` is
            ``'qa'`` or ``'mc'``.
    """
    task, folder = args.task, args.work_dir / FOLDER
    if args.skip_train:
        cfg, checkpoint = trained_earlier(task, args)
    else:
        say(f'1 of 5: event videos in {folder}')
        write_events(args)
        cfg, checkpoint = train_to_answer(args)
    say('4 of 5: testing on unseen scenes')
    test(f'test_{task}', cfg, checkpoint, args, 'answers.json')
    saved = args.work_dir / f'test_{task}' / 'answers.json'
    if args.out is not None:
        write_whole(args.out, saved.read_bytes())
        print(f'  all answers: {args.out}')
    say('5 of 5: some questions')
    questions = read_lines(folder / 'annotations' / f'{task}_test.jsonl')
    answers = given_answers(questions, json.loads(saved.read_text()))
    if args.query is None:
        show_answers(questions, answers, args.top)
    else:
        ask(cfg, checkpoint, args)
    known = read_lines(folder / 'annotations' / f'{task}_train.jsonl')
    report(
        args, cfg['quickstart'], questions, answers, guesses(known, questions)
    )
    report_next(args)


def write_events(args: argparse.Namespace) -> None:
    """Write the event videos, unless they exist.

    Args:
        args (argparse.Namespace): Options of the quickstart.
    """
    begin = time.time()
    settings = EventSettings(seed=args.seed, **(SMOKE if args.smoke else {}))
    wrote = generate_events(args.work_dir / FOLDER, settings)
    report_time('written' if wrote else 'found, written earlier', begin)


def train_to_answer(args: argparse.Namespace) -> tuple[dict, Path]:
    """Train both stages, unless they are finished.

    Args:
        args (argparse.Namespace): Options of the quickstart.

    Returns:
        tuple[dict, Path]: Config and checkpoint of the task's model.
    """
    say('2 of 5: training to answer, on sparse clips of two frames')
    first = train(
        SHARED_STAGE, stage_config(SHARED_STAGE, args, FOLDER), args, THREADS
    )
    say('3 of 5: training continues, on ' + SECOND_STAGES[args.task])
    digest = (args.work_dir / SHARED_STAGE / 'finished.txt').read_text()
    cfg = dict(
        stage_config(args.task, args, FOLDER),
        load_from=str(first),
        trained_with=digest,
    )
    train(args.task, cfg, args, THREADS)
    return trained_earlier(args.task, args)


def report(
    args: argparse.Namespace,
    run: dict,
    questions: list[dict],
    answers: list,
    guessed: list,
) -> None:
    """Print the accuracies next to those of guessing, and save them.

    Args:
        args (argparse.Namespace): Options of the quickstart.
        run (dict): Settings of the run, as
            :func:`~clipbert_mm.quickstart.configs.stage_config` notes them.
        questions (list[dict]): Questions of the test.
        answers (list): Answers of the model.
        guessed (list): Answers of guessing.
    """
    found = accuracies(questions, answers)
    chance = accuracies(questions, guessed)
    about = f', {len(questions)} questions about unseen scenes'
    say(result_title(run, about))
    is_choice = args.task == 'mc'
    kind = 'options' if is_choice else 'answers'
    guess = (
        'random option' if is_choice else 'most frequent answer of the type'
    )
    print(f'  {"right " + kind:15s} {"model":>9s}  {guess}')
    for name, value in sorted(found.items()):
        print(f'  {name:15s} {value:7.1f} %  {chance[name]:7.1f} %')
    save_accuracies(args, run, found, chance)


def report_next(args: argparse.Namespace) -> None:
    """Print what to do next.

    Args:
        args (argparse.Namespace): Options of the quickstart.
    """
    say('What next')
    folder = args.work_dir / FOLDER
    is_ready = args.task == 'qa'
    duration = 'takes seconds' if is_ready else 'trains the last stage first'
    asking = suggest(
        'quickstart',
        *('--task', 'qa'),
        *(('--skip-train',) if is_ready else ()),
        *('--work-dir', args.work_dir),
        *('--query', 'how many yellow figures do you see'),
    )
    print(f"""  The videos: {folder / 'videos'}
  Ask something else about the first of them ({duration}):
{asking}
  Train on your own questions: write JSON lines as in
  {folder / 'annotations'}, name them in a copy of
  {args.work_dir / args.task / 'config.py'}, and run
{suggest_training()}
  The full-size recipes are clipbert_msrvtt_qa.py and clipbert_tgif_qa-*.py in
  {Path(config_file('clipbert_msrvtt_qa')).parent}""")


def show_answers(questions: list[dict], answers: list, top: int) -> None:
    """Print the first questions with the right and the given answers.

    Args:
        questions (list[dict]): Questions of the test.
        answers (list): Answers of the model.
        top (int): Number of questions to print.
    """
    for row, answer in list(zip(questions, answers))[:top]:
        options = row.get('options')
        right, given = (
            (row['answer'], answer)
            if options is None
            else (options[row['answer']], options[answer])
        )
        mark = 'right' if right == given else f'wrong: {right}'
        print(f'  {row["clip_name"]}.mp4  {row["question"]}? {given} ({mark})')


def ask(cfg: dict, checkpoint: Path, args: argparse.Namespace) -> None:
    """Ask the query about the first test videos.

    Args:
        cfg (dict): Config of the answering model.
        checkpoint (Path): Weights of the model.
        args (argparse.Namespace): Options of the quickstart.
    """
    MMLogger.get_current_instance().setLevel('ERROR')
    inferencer = ClipBERTInferencer(Config(cfg), checkpoint)
    print(f'  {args.query}?')
    folder = args.work_dir / FOLDER
    rows = read_lines(folder / 'annotations' / 'scenes_test.jsonl')
    for row in rows[: args.top]:
        video = folder / 'videos' / f'{row["clip_name"]}.mp4'
        best = inferencer.answer(video, args.query, top_k=3)
        shown = ' and '.join(
            f'{action} x{times}' for action, times in row['actions']
        )
        print(
            f'  {video.name}  '
            + '  '.join(f'{answer} {score:.2f}' for answer, score in best)
            + f'  ({row["number"]} {row["colour"]} {row["shape"]} {shown})'
        )
