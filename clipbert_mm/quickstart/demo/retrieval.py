# Copyright (c) clipbert_mm contributors.
"""The retrieval model that comes with the package: its test and its card."""

import json
from pathlib import Path

import numpy as np

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.evaluation.ranks import (
    summarise_ranks,
    text_to_video_ranks,
    video_to_text_ranks,
)
from clipbert_mm.quickstart.corpus.annotations import read_lines
from clipbert_mm.weights.model_card import ModelFacts

WAYS = dict(t2v='text to video', v2t='video to text')
METRICS = dict(R1='R@1', R5='R@5', MdR='median rank')


class RetrievalDemo:
    """Test of the retrieval model on the whole gallery.

    Args:
        work_dir (Path): Work folder of a finished quickstart.

    Attributes:
        shipped (int): Number of videos that come with the package.
        corpus (Path): Folder of the corpus.
        rows (list[dict]): ``video`` and ``caption`` of each test video.
    """

    shipped = 24

    def __init__(self, work_dir: Path) -> None:
        self.corpus = work_dir / 'corpus'
        self.rows = [
            dict(video=f'{row["clip_name"]}.mp4', caption=row['caption'])
            for row in read_lines(
                self.corpus / 'annotations' / 'gallery_test.jsonl'
            )
        ]
        self.trained = json.loads((work_dir / 'result.json').read_text())

    def measure(self, inferencer: ClipBERTInferencer) -> ModelFacts:
        """Test the exported model.

        Args:
            inferencer (ClipBERTInferencer): The exported model.

        Returns:
            ModelFacts: Facts for its card.
        """
        videos = [self.corpus / 'videos' / row['video'] for row in self.rows]
        captions = [row['caption'] for row in self.rows]
        scores = inferencer.score(videos, captions).T  # (M, N)
        seed, number = self.trained['seed'], len(self.rows)
        return ModelFacts(
            title='clipbert_mm demo: retrieval',
            name='demo',
            description=DESCRIPTION,
            limits=LIMITS,
            data=DATA.format(seed=seed),
            split=SPLIT.format(number=number, shipped=self.shipped),
            dataset=f'clipbert_mm quickstart scenes, seed {seed}',
            results=self._results(scores),
            calibration=describe_scores(scores),
            license='apache-2.0',
        )

    def _results(self, scores: np.ndarray) -> list[dict]:
        own = np.arange(len(self.rows))
        found = dict(
            t2v=summarise_ranks(text_to_video_ranks(scores, own)),
            v2t=summarise_ranks(video_to_text_ranks(scores, own)),
        )
        number = len(self.rows)
        chance = dict(R1=100 / number, R5=500 / number, MdR=number / 2 + 0.5)
        return [
            dict(
                metric=f'{WAYS[way]}, {METRICS[name]}',
                value=found[way][name],
                chance=round(chance[name], 1),
                **{'single precision': self.trained[f'{way}/{name}']},
            )
            for way in WAYS
            for name in METRICS
        ]


def describe_scores(scores: np.ndarray) -> str:
    """Say how far the scores of a test are probabilities.

    Args:
        scores (np.ndarray): Scores ``(M, N)``; the video of a text has its
            index.

    Returns:
        str: Sentences.

    Example:
        >>> describe_scores(np.array([[0.9, 0.2], [0.6, 0.4]]))[:60]
        'Not calibrated. In the test, matching pairs score 0.650 on a'
    """
    own = np.eye(len(scores), dtype=bool)
    above = scores > 0.5
    return (
        f'Not calibrated. In the test, matching pairs score '
        f'{scores[own].mean():.3f} on average and others '
        f'{scores[~own].mean():.3f}. Of the {above.sum()} pairs that score '
        f'above 0.5, {(above & own).sum()} match, of {len(scores)} that do.'
    )


DESCRIPTION = (
    'Finds the video that a text describes, among short drawn videos. It '
    'comes with the package so that examples run at once, without a network.'
)
LIMITS = (
    'A toy. It has seen only drawings: one of five shapes in one of six '
    'colours, small or large, at the left, in the middle or at the right, '
    'moving on one of four grounds; and only the words that describe '
    'them. Its scores for filmed videos or other words mean nothing. It '
    'shows how the package works, not how well ClipBERT does: use it for no '
    'decision.'
)
DATA = (
    'Drawn by `python -m clipbert_mm.quickstart.corpus.scene_corpus --seed '
    '{seed}`: 2,200 captioned images for pretraining (masked words and '
    'matching), 930 videos with three captions each. Nothing was filmed, '
    'scraped or annotated by people. Made by `tools/quickstart.sh` and '
    '`python -m clipbert_mm.quickstart.demo`.'
)
SPLIT = (
    '{number} further videos with one caption each, of combinations of '
    'colour, shape, ground, size and place that occur nowhere in training. '
    'Every caption is ranked against every video. The first {shipped} come '
    'with the package.'
)
