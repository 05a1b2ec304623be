# Copyright (c) clipbert_mm contributors.
"""The quickstart's tasks with questions: open answers and five options."""

import argparse
import json
import shutil
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from clipbert_mm.quickstart.configs import stage_config
from clipbert_mm.quickstart.corpus.annotations import read_lines
from clipbert_mm.quickstart.corpus.event_corpus import (
    EventSettings,
    generate_events,
)
from clipbert_mm.quickstart.corpus.questions import NUM_OPTIONS, question_type
from clipbert_mm.quickstart.stages import (
    TOOLS,
    report_time,
    say,
    test,
    train,
    trained_earlier,
)

FOLDER = 'events'
# Reading videos takes as long as training on them: with more threads the two
# would get in each other's way on a small machine.
THREADS = 1
SHARED_STAGE = 'qa_sparse'
SECOND_STAGES = dict(
    qa='training on longer clips, to see how often things happen',
    mc='training to choose among options',
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
        say(f'1 of 5: the event videos in {folder}')
        write_events(args)
        cfg, checkpoint = trained_to_answer(args)
    say('4 of 5: testing on unseen scenes')
    test(f'test_{task}', cfg, checkpoint, args, 'answers.json')
    saved = args.work_dir / f'test_{task}' / 'answers.json'
    if args.out is not None:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(saved, args.out)
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


def write_events(args: argparse.Namespace) -> None:
    """Write the event videos, if need be.

    Args:
        args (argparse.Namespace): Options of the quickstart.
    """
    begin = time.time()
    settings = EventSettings(seed=args.seed, **(SMOKE if args.smoke else {}))
    wrote = generate_events(args.work_dir / FOLDER, settings)
    report_time('written' if wrote else 'found, written earlier', begin)


def trained_to_answer(args: argparse.Namespace) -> tuple[dict, Path]:
    """Train, as far as that is not done: on short clips, then the task.

    Args:
        args (argparse.Namespace): Options of the quickstart.

    Returns:
        tuple[dict, Path]: Config and checkpoint of the task's model.
    """
    say('2 of 5: training to answer, on sparse clips of two frames')
    first = train(
        SHARED_STAGE, stage_config(SHARED_STAGE, args, FOLDER), args, THREADS
    )
    say('3 of 5: on from there, ' + SECOND_STAGES[args.task])
    digest = (args.work_dir / SHARED_STAGE / 'finished.txt').read_text()
    cfg = dict(
        stage_config(args.task, args, FOLDER),
        load_from=str(first),
        trained_with=digest,
    )
    train(args.task, cfg, args, THREADS)
    return trained_earlier(args.task, args)


def given_answers(questions: list[dict], saved: list[dict]) -> list:
    """The model's answers, in the order of the questions.

    Args:
        questions (list[dict]): Of the test file.
        saved (list[dict]): What ``VideoQAMetric`` wrote; a question's id is
            its row.

    Returns:
        list: Texts, or numbers of options.
    """
    by_id = {row['question_id']: row for row in saved}
    key = 'label' if 'options' in questions[0] else 'answer'
    return [by_id[row][key] for row in range(len(questions))]


def guesses(known: list[dict], questions: list[dict]) -> list[str | None]:
    """What to answer without looking: the most frequent answer of the type.

    Args:
        known (list[dict]): Questions of training.
        questions (list[dict]): Questions of the test.

    Returns:
        list[str | None]: None where there are options; all are as frequent.
    """
    if 'options' in questions[0]:
        return [None] * len(questions)
    counts: dict[str, Counter] = defaultdict(Counter)
    for row in known:
        counts[question_type(row['question'])][row['answer']] += 1
    return [
        counts[question_type(row['question'])].most_common(1)[0][0]
        for row in questions
    ]


def accuracies(questions: list[dict], answers: list) -> dict[str, float]:
    """Accuracy of all questions and of each type, percent.

    Args:
        questions (list[dict]): Of the test.
        answers (list): As many answers; None is one of the options, drawn.
    """
    hits = defaultdict(list)
    for row, answer in zip(questions, answers):
        hit = 1 / NUM_OPTIONS if answer is None else answer == row['answer']
        hits['all'].append(hit)
        hits[question_type(row['question'])].append(hit)
    return {name: 100 * sum(row) / len(row) for name, row in hits.items()}


def report(
    args: argparse.Namespace,
    run: dict,
    questions: list[dict],
    answers: list,
    guessed: list,
) -> None:
    """Print the accuracies beside what guessing gives, and keep them.

    Args:
        args (argparse.Namespace): Options of the quickstart.
        run (dict): What was trained, as :func:`stage_config` notes it.
        questions (list[dict]): Of the test.
        answers (list): Of the model.
        guessed (list): Of guessing.
    """
    found = accuracies(questions, answers)
    chance = accuracies(questions, guessed)
    kind = 'options' if args.task == 'mc' else 'answers'
    say(
        f'Result with seed {run["seed"]}, {len(questions)} questions about '
        'unseen scenes'
        + (' (a smoke run: the numbers mean nothing)' if run['smoke'] else '')
    )
    print(
        f'  {"right " + kind:15s} {"model":>9s}  '
        + (
            'random option'
            if args.task == 'mc'
            else 'most frequent answer of the type'
        )
    )
    for name, value in sorted(found.items()):
        print(f'  {name:15s} {value:7.1f} %  {chance[name]:7.1f} %')
    (args.work_dir / f'result_{args.task}.json').write_text(
        json.dumps(dict(accuracy=found, chance=chance, **run), indent=2)
    )
    say('What next')
    asking, duration = (
        ('--task qa --skip-train', 'seconds')
        if args.task == 'qa'
        else ('--task qa', 'trains its last stage first')
    )
    print(f"""  The videos: {args.work_dir / FOLDER / 'videos'}
  Ask something else about the first of them ({duration}):
    {TOOLS / 'quickstart.sh'} {asking} --work-dir \
{args.work_dir} --query 'how many yellow figures do you see'
  Train on your own questions: write JSON lines as in
  {args.work_dir / FOLDER / 'annotations'}, name them in a copy of
  {args.work_dir / args.task / 'config.py'}, and run
    source {Path(sys.executable).parent / 'activate'}
    {TOOLS / 'dist_train.sh'} YOUR_CONFIG.py NUMBER_OF_GPUS
  The full-size recipes are configs/clipbert_msrvtt_qa.py and
  configs/clipbert_tgif_qa-*.py.""")


def show_answers(questions: list[dict], answers: list, top: int) -> None:
    """Print the first questions with right and given answers.

    Args:
        questions (list[dict]): Of the test.
        answers (list): Of the model.
        top (int): How many to print.
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
        cfg (dict): Of the answering model.
        checkpoint (Path): Its weights.
        args (argparse.Namespace): Options of the quickstart.
    """
    from mmengine.config import Config
    from mmengine.logging import MMLogger

    from clipbert_mm.apis import VideoAnswerer

    MMLogger.get_current_instance().setLevel('ERROR')
    answerer = VideoAnswerer(Config(cfg), str(checkpoint))
    print(f'  {args.query}?')
    folder = args.work_dir / FOLDER
    rows = read_lines(folder / 'annotations' / 'scenes_test.jsonl')
    for row in rows[: args.top]:
        video = folder / 'videos' / f'{row["clip_name"]}.mp4'
        best = answerer.answer(str(video), args.query, top=3)
        shown = ' and '.join(
            f'{action} x{times}' for action, times in row['actions']
        )
        print(
            f'  {video.name}  '
            + '  '.join(f'{answer} {score:.2f}' for answer, score in best)
            + f'  ({row["number"]} {row["colour"]} {row["shape"]} {shown})'
        )
