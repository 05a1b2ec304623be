# Copyright (c) clipbert_mm contributors.
"""The answering model that comes with the package: its test and its card."""

import json
from collections import defaultdict
from pathlib import Path

from clipbert_mm.apis import ClipBERTInferencer
from clipbert_mm.quickstart.corpus.annotations import read_lines
from clipbert_mm.quickstart.tasks.answer_scores import accuracies
from clipbert_mm.weights.model_card import ModelFacts


class AnsweringDemo:
    """Test of the answering model on all test videos.

    Args:
        work_dir (Path): Work folder of a finished quickstart.

    Attributes:
        shipped (int): Number of videos that come with the package.
        corpus (Path): Folder of the corpus.
        rows (list[dict]): ``video`` and ``questions`` of each test video.
    """

    shipped = 8

    def __init__(self, work_dir: Path) -> None:
        self.corpus = work_dir / 'events'
        asked = defaultdict(list)
        annotations = self.corpus / 'annotations' / 'qa_test.jsonl'
        for row in read_lines(annotations):
            question = dict(question=row['question'], answer=row['answer'])
            asked[f'{row["clip_name"]}.mp4'].append(question)
        self.rows: list[dict] = [
            dict(video=video, questions=questions)
            for video, questions in asked.items()
        ]
        self.trained = json.loads((work_dir / 'result_qa.json').read_text())

    def measure(self, inferencer: ClipBERTInferencer) -> ModelFacts:
        """Test the exported model.

        Args:
            inferencer (ClipBERTInferencer): The exported model.

        Returns:
            ModelFacts: Facts for its card.
        """
        videos = [self.corpus / 'videos' / row['video'] for row in self.rows]
        questions, answers, scores = [], [], []
        for row, features in zip(self.rows, inferencer.features(videos)):
            for question in row['questions']:
                best = inferencer.answer(
                    features, question['question'], top_k=1
                )
                questions.append(question)
                answers.append(best[0][0])
                scores.append(best[0][1])
        seed = self.trained['seed']
        return ModelFacts(
            title='clipbert_mm demo: question answering',
            name='demo-qa',
            description=DESCRIPTION,
            limits=LIMITS,
            data=DATA.format(seed=seed),
            split=SPLIT.format(
                number=len(videos),
                questions=len(questions),
                shipped=self.shipped,
            ),
            dataset=f'clipbert_mm quickstart events, seed {seed}',
            results=self._results(accuracies(questions, answers)),
            calibration=(
                'Not calibrated. In the test, the chosen answers score '
                f'{sum(scores) / len(scores):.3f} on average; the fraction '
                'of right ones is above.'
            ),
            license='apache-2.0',
        )

    def _results(self, found: dict[str, float]) -> list[dict]:
        return [
            dict(
                metric=f'accuracy, {name}',
                value=round(value, 1),
                chance=round(self.trained['chance'][name], 1),
                **{
                    'single precision': round(
                        self.trained['accuracy'][name], 1
                    )
                },
            )
            for name, value in sorted(found.items())
        ]


DESCRIPTION = (
    'Answers questions about what happens in short drawn videos. It comes '
    'with the package so that examples run at once, without a network.'
)
LIMITS = (
    'A toy. It has seen only drawings: one to four equal figures that jump, '
    'slide, grow, shrink, hide or flash, and six kinds of questions about '
    'them. It knows 21 answers and always gives one, whatever the video '
    'shows. Its answers about filmed videos mean nothing. It shows how the '
    'package works, not how well ClipBERT does: use it for no decision.'
)
DATA = (
    'Drawn by `python -m clipbert_mm.quickstart.corpus.event_corpus --seed '
    '{seed}`: 1,600 videos of about four seconds with their questions. '
    'Nothing was filmed, scraped or annotated by people. Made by '
    '`tools/quickstart.sh --task qa` and `python -m '
    'clipbert_mm.quickstart.demo`.'
)
SPLIT = (
    '{questions} questions about {number} further videos, of combinations of '
    'colour, shape, number and actions that occur nowhere in training. Chance '
    'is the most frequent answer to each kind of question. The first '
    '{shipped} videos come with the package.'
)
