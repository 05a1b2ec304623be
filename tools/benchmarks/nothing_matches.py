# Copyright (c) clipbert_mm contributors.
"""Measure how well a ranking knows that nothing matches.

The queries describe combinations of attributes that the training of the demo
model never saw: half of them are shown by one of the documents, half by none.
The model is calibrated on further such combinations; unrelated videos show
combinations of the training, drawn again::

    python -m tools.benchmarks.nothing_matches
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import norm

from clipbert_mm.apis import Calibration, ClipBERTInferencer
from clipbert_mm.apis.background import MOST_CHANCE, chance_of_best
from clipbert_mm.quickstart.corpus.annotations import SPLITS, Item
from clipbert_mm.quickstart.corpus.scene_captions import captions
from clipbert_mm.quickstart.corpus.scene_corpus import (
    CorpusSettings,
    plan_items,
    write_item,
)
from clipbert_mm.quickstart.corpus.scenes import Combination
from clipbert_mm.weights.calibration import apply_calibration, log_odds

from .harness import machine_line, print_table

MODEL = 'demo'
CORPUS = CorpusSettings(seed=0)  # of its training
MIN_SCORE = 0.5
HEADER = ('rule', 'reported, rightly', 'wrongly', 'precision', 'recall')


class Sizes(NamedTuple):
    """Numbers of videos, each of a combination of its own, and of wordings."""

    documents: int = 40
    absent: int = 40  # combinations that are only described
    calibration: int = 20
    unrelated: int = 100
    wordings: int = 5  # queries for each combination


QUICK = Sizes(documents=3, absent=3, calibration=4, unrelated=12, wordings=2)


class Scores(NamedTuple):
    """Scores before calibration of Q queries."""

    documents: np.ndarray  # (N, Q)
    unrelated: np.ndarray  # (B, Q)
    absent: np.ndarray  # (Q,), whether no document shows it
    calibration: Calibration


def write_videos(
    folder: Path, combinations: Sequence[Combination], stream: int
) -> list[Path]:
    """Draw a video of each combination.

    Args:
        folder (Path): Folder to write to.
        combinations (Sequence[Combination]): Contents.
        stream (int): Number that the draws follow from.

    Returns:
        list[Path]: The files.
    """
    items = [
        # Larger than the number of any split of the corpus.
        Item(
            folder / f'{stream}_{i:03d}.mp4',
            combination,
            (CORPUS.seed, len(SPLITS) + stream, i),
        )
        for i, combination in enumerate(combinations)
    ]
    for item in items:
        write_item(item)
    return [item.path for item in items]


def describe(
    combination: Combination, number: int, rng: np.random.Generator
) -> list[str]:
    """Return different captions of a combination.

    Args:
        combination (Combination): The combination.
        number (int): Number of captions.
        rng (np.random.Generator): Draws them.

    Returns:
        list[str]: The captions.
    """
    found: dict[str, None] = {}
    while len(found) < number:
        found.update(dict.fromkeys(captions(combination, 'video', 1, rng)))
    return list(found)


def score_queries(sizes: Sizes, folder: Path) -> Scores:
    """Draw the videos, calibrate the model and score the queries.

    Args:
        sizes (Sizes): Numbers of videos.
        folder (Path): Folder for the videos.

    Returns:
        Scores: Scores of all queries.
    """
    rng = np.random.default_rng(CORPUS.seed)
    plan = plan_items(folder, CORPUS)
    unseen = iter([item.combination for item in plan['gallery_test']])
    shown, absent, known = (
        [next(unseen) for _ in range(number)]
        for number in (sizes.documents, sizes.absent, sizes.calibration)
    )
    trained = sorted({item.combination for item in plan['videos_train']})
    others = [trained[i] for i in rng.permutation(len(trained))]
    model = ClipBERTInferencer(MODEL, device='cpu')
    documents, certain, unrelated = (
        model.features(write_videos(folder, contents, stream))
        for stream, contents in enumerate(
            (shown, known, others[: sizes.unrelated])
        )
    )
    queries = [
        text
        for combination in shown + absent
        for text in describe(combination, sizes.wordings, rng)
    ]
    scores = model.score(documents + unrelated, queries)
    texts = [describe(combination, 1, rng)[0] for combination in known]
    calibration = model.calibrate(
        [(video, text) for video in certain for text in texts],
        np.eye(len(known), dtype=bool).flatten(),
    )
    return Scores(
        scores[: sizes.documents],
        scores[sizes.documents :],
        np.arange(len(queries)) >= sizes.documents * sizes.wordings,
        calibration,
    )


def normal_chance(scores: np.ndarray, unrelated: np.ndarray) -> float:
    """Return :func:`chance_of_best` of normally distributed log odds.

    Args:
        scores (np.ndarray): Scores of N documents, ``(N,)``.
        unrelated (np.ndarray): Scores of unrelated videos, ``(B,)``.

    Returns:
        float: The chance.
    """
    sample = log_odds(unrelated)
    best = log_odds(scores).max()
    below = norm.cdf(best, sample.mean(), sample.std(ddof=1))
    return float(1 - below ** len(scores))


def decisions(found: Scores) -> dict[str, np.ndarray]:
    """Return for each rule which queries it reports to match nothing.

    Args:
        found (Scores): Scores of Q queries.

    Returns:
        dict[str, np.ndarray]: bool ``(Q,)`` by rule.
    """
    best = found.documents.max(0)
    calibrated = apply_calibration(best, found.calibration)
    limit = best_limit(best, found.absent)
    rules = {
        f'min_score {MIN_SCORE}': best < MIN_SCORE,
        f'min_score {MIN_SCORE} after calibration': calibrated < MIN_SCORE,
        f'min_score {limit:.3g}, the best in hindsight': best < limit,
    }
    number = len(found.unrelated)
    for size in sorted({number // 4, number // 2, number}):
        rules[f'{size} unrelated videos'] = _by_chance(
            found, size, chance_of_best
        )
    rules[f'{number}, normal distribution'] = _by_chance(
        found, number, normal_chance
    )
    return rules


def _by_chance(
    found: Scores,
    size: int,
    chance: Callable[[np.ndarray, np.ndarray], float],
) -> np.ndarray:
    pairs = zip(found.documents.T, found.unrelated[:size].T)
    return np.array([chance(*pair) > MOST_CHANCE for pair in pairs])


def best_limit(best: np.ndarray, absent: np.ndarray) -> float:
    """Return the threshold that separates queries best, knowing them.

    Args:
        best (np.ndarray): Best score of each query, ``(Q,)``.
        absent (np.ndarray): Whether nothing shows it, bool ``(Q,)``.

    Returns:
        float: Score with the largest difference between the fractions of
        absent and of shown queries below it.

    Example:
        >>> best_limit(np.array([0.1, 0.3]), np.array([True, False]))
        0.3
    """
    limits = np.unique(best)
    gains = [
        (best[absent] < limit).mean() - (best[~absent] < limit).mean()
        for limit in limits
    ]
    return float(limits[int(np.argmax(gains))])


def rows(found: Scores) -> list[list]:
    """Return the rows of the table.

    Args:
        found (Scores): Scores of the queries.

    Returns:
        list[list]: Rule, number of absent and of shown queries that it
        reports, precision and recall in percent.
    """
    table = []
    for rule, reported in decisions(found).items():
        right = int(reported[found.absent].sum())
        wrong = int(reported[~found.absent].sum())
        precision = 100 * right / (right + wrong) if right + wrong else 0.0
        recall = 100 * right / int(found.absent.sum())
        table.append([rule, right, wrong, precision, recall])
    return table


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table.

    Args:
        argv (Sequence[str] | None): Arguments. Defaults to None: those of
            this process.
    """
    parser = argparse.ArgumentParser(
        description='Measure how well a ranking knows that nothing matches.'
    )
    parser.add_argument(
        '--threads', type=int, default=1, help='threads of torch (default: 1)'
    )
    parser.add_argument(
        '--quick',
        action='store_true',
        help='tiny sizes, to see in seconds that it runs; the numbers then '
        'mean nothing',
    )
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    sizes = QUICK if args.quick else Sizes()
    with tempfile.TemporaryDirectory() as folder:
        found = score_queries(sizes, Path(folder))
    print(machine_line(), end='\n\n')
    print(found.calibration, end='\n\n')
    absent = int(found.absent.sum())
    print_table(
        f'{absent} queries that no document shows, '
        f'{len(found.absent) - absent} that one of {sizes.documents} shows',
        HEADER,
        rows(found),
    )


if __name__ == '__main__':
    main()
