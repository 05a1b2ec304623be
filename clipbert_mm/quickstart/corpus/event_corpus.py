# Copyright (c) clipbert_mm contributors.
"""Write the quickstart's event videos with their questions.

About 1,600 h264 mp4 files for training and 120 for testing, whose combinations
of colour, shape, number and event occur nowhere in training, with questions
in the formats of ``VideoQuestionAnswering``, a vocabulary of answers and one
of words. Everything follows from the settings and their seed::

    python -m clipbert_mm.quickstart.corpus.event_corpus events --seed 0
"""

import dataclasses
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .annotations import read_lines, vocabulary, write_lines
from .events import Scene, all_scenes, draw_event_look, event_frames
from .media import prepare, run_writer, write_media, write_video
from .questions import all_answers, choice_questions, open_questions

LAYOUT = 2  # raise it when the same settings would write other files
SPLITS = ('train', 'test')
SIDES = (64, 80)
FRAME_RATES = (6, 8, 10)
GOP = 4


@dataclasses.dataclass(frozen=True)
class EventSettings:
    """What the files of the event videos follow from.

    Args:
        seed (int): Defaults to 0.
        train (int): Training videos. Defaults to 1600.
        test (int): Test videos, each showing what training never shows.
            Defaults to 120.
        draws (int): How often the questions with options are drawn for each
            training video. Defaults to 2.

    Raises:
        ValueError: If a number is out of range.
    """

    seed: int = 0
    train: int = 1600
    test: int = 120
    draws: int = 2

    def __post_init__(self) -> None:
        half = len(all_scenes()) // 2
        limits = dict(seed=2**32, train=half, test=half, draws=100)
        for name, most in limits.items():
            value, least = getattr(self, name), int(name != 'seed')
            if not least <= value <= most:
                raise ValueError(
                    f'{name} must be {least} to {most}, but got {value}.'
                )


class EventItem(NamedTuple):
    """One video to write; its randomness is ``seed`` alone."""

    path: Path
    scene: Scene
    seed: tuple[int, ...]


def plan_events(
    root: Path, settings: EventSettings
) -> dict[str, list[EventItem]]:
    """Decide every video: split -> items, no scene twice.

    Args:
        root (Path): Of the corpus.
        settings (EventSettings): What to write.
    """
    scenes = all_scenes()
    order = np.random.default_rng((settings.seed, 7)).permutation(len(scenes))
    ends = dict(
        test=(0, settings.test),
        train=(settings.test, settings.test + settings.train),
    )
    return {
        split: [
            EventItem(
                root / 'videos' / f'{split}{i:05d}.mp4',
                scenes[which],
                (settings.seed, number, i),
            )
            for i, which in enumerate(order[slice(*ends[split])])
        ]
        for number, split in enumerate(SPLITS)
    }


def write_event(item: EventItem) -> None:
    """Draw one video and write it as an h264 mp4 file."""
    rng = np.random.default_rng(item.seed)
    side, rate = int(rng.choice(SIDES)), int(rng.choice(FRAME_RATES))
    look = draw_event_look(item.scene, side, rng)
    times = np.arange(int(look.seconds * rate)) / rate
    write_video(
        item.path,
        event_frames(item.scene, look, rng, times.tolist()),
        rate,
        (side, side),
        GOP,
    )


def write_questions(
    root: Path, plan: dict[str, list[EventItem]], draws: int
) -> None:
    """Write scenes, questions and both vocabularies.

    Args:
        root (Path): Of the corpus.
        plan (dict[str, list[EventItem]]): The items of both splits.
        draws (int): How often questions with options are drawn in training.
            In testing, each video has one wording of each question and one
            draw of the options.
    """
    # Here, for the host packages take seconds to import.
    from clipbert_mm.annotations.answer_vocabulary import write_vocabulary

    folder = root / 'annotations'
    words = set()
    for split, items in plan.items():
        opened, chosen, scenes = [], [], []
        for number, item in enumerate(items):
            name = dict(clip_name=item.path.stem)
            scenes.append(dict(name, **item.scene._asdict()))
            wording = None if split == 'train' else number
            opened += [
                dict(q._asdict(), **name)
                for q in open_questions(item.scene, wording)
            ]
            rng = np.random.default_rng((*item.seed, 1))
            for _ in range(draws if split == 'train' else 1):
                for q in choice_questions(item.scene, rng):
                    row = dict(q._asdict(), **name)
                    del row['answer_type']  # not in the format of choices
                    chosen.append(row)
        write_lines(folder / f'scenes_{split}.jsonl', scenes)
        write_lines(folder / f'qa_{split}.jsonl', opened)
        write_lines(folder / f'mc_{split}.jsonl', chosen)
        for row in opened + chosen:
            words.update(row['question'].split())
            words.update(w for o in row.get('options', ()) for w in o.split())
    write_vocabulary(str(folder / 'answers.json'), all_answers())
    (root / 'tokenizer' / 'vocab.txt').write_text(
        '\n'.join(vocabulary(words)) + '\n', encoding='utf-8'
    )


def check_unseen(root: Path) -> None:
    """Make sure from the written scenes that no test scene is in training.

    Raises:
        ValueError: If one is.
    """
    seen, asked = (
        {
            str({k: v for k, v in row.items() if k != 'clip_name'})
            for row in read_lines(
                root / 'annotations' / f'scenes_{split}.jsonl'
            )
        }
        for split in SPLITS
    )
    if seen & asked:
        raise ValueError(
            f'{len(seen & asked)} scenes of the test videos of {root} occur '
            f'in training, e.g. {sorted(seen & asked)[0]}: delete the folder '
            'and write it again.'
        )


def generate_events(
    root: 'str | Path',
    settings: EventSettings = EventSettings(),
    processes: int = 2,
) -> bool:
    """Write the event videos unless they are there already.

    Args:
        root (str | Path): Their folder: new, empty or an earlier corpus.
        settings (EventSettings): What to write.
        processes (int): Writers side by side. Defaults to 2.

    Returns:
        bool: Whether anything had to be written.

    Raises:
        ValueError: If ``root`` holds something else.
    """
    root = Path(root)
    with prepare(
        root,
        dict(layout=LAYOUT, **dataclasses.asdict(settings)),
        ('videos', 'annotations', 'tokenizer'),
    ) as needed:
        if needed:
            plan = plan_events(root, settings)
            write_media(
                write_event, [i for s in SPLITS for i in plan[s]], processes
            )
            write_questions(root, plan, settings.draws)
            check_unseen(root)
    return needed


def main() -> None:
    """Write the event videos from the command line."""
    run_writer(
        'Write the event videos of the quickstart and their questions.',
        EventSettings,
        generate_events,
        'the event videos',
    )


if __name__ == '__main__':
    main()
