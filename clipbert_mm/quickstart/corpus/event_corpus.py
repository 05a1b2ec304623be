# Copyright (c) clipbert_mm contributors.
"""Write the quickstart's event videos with their questions.

There are 1,600 h264 mp4 files for training and 120 for testing, whose
combinations of colour, shape, number and event never occur in training. The
questions have the formats of ``VideoQuestionAnswering``; answers and words
have a vocabulary each. Everything follows from the settings and their seed::

    python -m clipbert_mm.quickstart.corpus.event_corpus events --seed 0
"""

import dataclasses
from pathlib import Path
from typing import NamedTuple

import numpy as np

from clipbert_mm.annotations.answer_vocabulary import write_vocabulary

from .annotations import read_lines, vocabulary, write_lines
from .choices import choice_questions
from .events import Scene, all_scenes, draw_event_look, event_frames
from .media import write_once, write_video
from .questions import all_answers, open_questions
from .settings import check_ranges, run_writer

LAYOUT = 2  # increment it when the same settings write other files
FOLDERS = ('videos', 'annotations', 'tokenizer')
SPLITS = ('train', 'test')
SIDES = (64, 80)
FRAME_RATES = (6, 8, 10)
GOP = 4


@dataclasses.dataclass(frozen=True)
class EventSettings:
    """Settings that the files of the event videos follow from.

    Args:
        seed (int): Seed of every draw. Defaults to 0.
        train (int): Number of training videos. Defaults to 1600.
        test (int): Number of test videos, whose scenes training never shows.
            Defaults to 120.
        draws (int): Number of draws of the questions with options for each
            training video. Defaults to 2.

    Raises:
        ValueError: If a setting is out of range.
    """

    seed: int = 0
    train: int = 1600
    test: int = 120
    draws: int = 2

    def __post_init__(self) -> None:
        half = len(all_scenes()) // 2
        check_ranges(self, seed=2**32, train=half, test=half, draws=100)


class EventItem(NamedTuple):
    """Video to write; its contents follow from ``seed`` alone."""

    path: Path
    scene: Scene
    seed: tuple[int, ...]


def plan_events(
    root: Path, settings: EventSettings
) -> dict[str, list[EventItem]]:
    """Decide on every video, without repeating a scene.

    Args:
        root (Path): Folder of the corpus.
        settings (EventSettings): Settings of the corpus.

    Returns:
        dict[str, list[EventItem]]: Items by split.
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
    """Draw a video and write it as an h264 mp4 file.

    Args:
        item (EventItem): The video.
    """
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
        root (Path): Folder of the corpus.
        plan (dict[str, list[EventItem]]): Items of both splits.
        draws (int): Number of draws of the questions with options in
            training. In testing, each video has one wording of each question
            and one draw of the options.
    """
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
    """Raise unless the written test scenes are unseen in training.

    Args:
        root (Path): Folder of the corpus.

    Raises:
        ValueError: If training shows a test scene.
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
            f'in training, e.g. {sorted(seen & asked)[0]}. Delete the folder '
            'and write it again.'
        )


def generate_events(
    root: str | Path,
    settings: EventSettings = EventSettings(),
    processes: int = 2,
) -> bool:
    """Write the event videos, unless they exist.

    Args:
        root (str | Path): Folder of the corpus: new, empty or with an earlier
            corpus.
        settings (EventSettings): Settings of the corpus.
        processes (int): Number of processes that write. Defaults to 2.

    Returns:
        bool: Whether anything had to be written.

    Raises:
        ValueError: If ``root`` holds something else.
    """
    root = Path(root)
    plan = plan_events(root, settings)

    def describe() -> None:
        write_questions(root, plan, settings.draws)
        check_unseen(root)

    return write_once(
        root,
        dict(layout=LAYOUT, **dataclasses.asdict(settings)),
        FOLDERS,
        plan,
        write_event,
        describe,
        processes,
    )


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
