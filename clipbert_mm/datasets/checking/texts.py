# Copyright (c) clipbert_mm contributors.
"""Checks of the texts and answers of a split."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from mmaction.registry import TRANSFORMS

from clipbert_mm.annotations.answer_vocabulary import coverage
from clipbert_mm.annotations.questions import Question

from .report import CheckReport, spread
from .split import CheckedSplit

TEXTS_AT_A_TIME = 10_000


def check_texts(split: CheckedSplit, report: CheckReport) -> None:
    """Count, measure and compare the texts of a split.

    Args:
        split (CheckedSplit): The split.
        report (CheckReport): Report that gets figures, problems and notes.
    """
    table = split.dataset.table
    texts = table.texts()
    figures = report.figures[split.name]
    figures['texts'] = len(texts)
    figures['texts of a medium'] = spread(
        (np.bincount(table.media_of_row) * (len(texts) // len(table))).tolist()
    )
    _check_tokens(split, texts, report)
    _check_repeated(split, texts, report)
    if split.questions is not None:
        _check_answers(split, split.questions, report)


def _check_tokens(
    split: CheckedSplit, texts: Sequence[str], report: CheckReport
) -> None:
    """Report lengths in tokens, [CLS] and [SEP] included."""
    if split.tokenize is None:
        report.note(
            split.name,
            'tokenizer',
            'neither the dataset nor its pipeline has a BertTokenize: token '
            'counts are unknown',
        )
        return
    try:
        tokenize = TRANSFORMS.build(split.tokenize)
    except (OSError, ValueError) as error:
        report.problem(
            split.name, 'tokenizer', f'{error} Token counts are unknown.'
        )
        return
    lengths, unknown = [], 0
    unknown_id = tokenize.tokenizer.unk_token_id
    for start in range(0, len(texts), TEXTS_AT_A_TIME):
        ids = tokenize.tokenizer(
            list(texts[start : start + TEXTS_AT_A_TIME]),
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )['input_ids']
        lengths += [len(own) for own in ids]
        unknown += sum(unknown_id in own for own in ids)
    most = tokenize.max_txt_len
    cut = [i for i, length in enumerate(lengths) if length > most]
    figures = report.figures[split.name]
    figures['tokens'] = dict(
        median=float(np.median(lengths)),
        p95=float(np.percentile(lengths, 95)),
        most=max(lengths),
    )
    figures['max_txt_len'] = most
    figures['cut texts'] = len(cut)
    figures['texts with [UNK]'] = unknown
    for i in cut:
        report.note(
            split.name,
            'cut texts',
            f'{lengths[i]} tokens: {texts[i]!r:.100}',
        )


def _check_repeated(
    split: CheckedSplit, texts: Sequence[str], report: CheckReport
) -> None:
    """Report texts that recur, but for case and spaces."""
    table = split.dataset.table
    width = len(texts) // len(table)  # options of a question
    media_of: dict[str, Counter[str]] = {}
    for row, media_ind in enumerate(table.media_of_row):
        own = ' | '.join(texts[row * width : (row + 1) * width])
        media_of.setdefault(' '.join(own.lower().split()), Counter())[
            table.media[media_ind]
        ] += 1
    figures = report.figures[split.name]
    repeated = [
        (text, medium, number)
        for text, media in media_of.items()
        for medium, number in media.items()
        if number > 1
    ]
    figures['repeated texts of a medium'] = len(repeated)
    for text, medium, number in repeated:
        report.note(
            split.name,
            'repeated texts of a medium',
            f'{number} times of {medium!r}: {text!r:.100}',
        )
    if split.questions is not None:
        return  # questions are meant to recur
    shared = {t: media for t, media in media_of.items() if len(media) > 1}
    figures['texts of several media'] = len(shared)
    for text, media in shared.items():
        report.note(
            split.name,
            'texts of several media',
            f'{len(media)} media, such as {list(media)[:3]}: {text!r:.100}',
        )


def _check_answers(
    split: CheckedSplit, questions: Sequence[Question], report: CheckReport
) -> None:
    """Report the answers and how many the vocabulary covers."""
    figures = report.figures[split.name]
    answers = _answers_of(questions)
    if answers is None:
        report.note(split.name, 'answers', 'the file has no answers')
        return
    counts = Counter(answers)
    if counts:
        answer, number = counts.most_common(1)[0]
        figures['most frequent answer'] = (
            f'{answer!r} ({number / len(answers):.1%})'
        )
    if isinstance(questions[0].answer, int):
        figures['answers'] = spread([int(answer) for answer in answers])
    vocabulary = split.vocabulary
    if vocabulary is None or not counts:
        return
    figures['vocabulary size'] = len(vocabulary)
    figures['fraction of answers in vocabulary'] = coverage(
        map(str, answers), vocabulary
    )
    known = set(vocabulary)
    figures['questions without known answer'] = sum(
        known.isdisjoint(_answers_of([q]) or ()) for q in questions
    )
    for answer, number in counts.most_common():
        if answer not in known:
            report.note(
                split.name,
                'answers outside the vocabulary',
                f'{answer!r} ({number} times)',
            )
    if not split.dataset.test_mode:
        figures['unused answers of vocabulary'] = len(known - set(counts))


def _answers_of(questions: Sequence[Question]) -> list[str | int] | None:
    """Return all answers, those of soft labels too; None without any."""
    if questions[0].soft_labels is not None:
        return [a for q in questions for a in q.soft_labels or ()]
    if questions[0].answer is None:
        return None
    return [q.answer for q in questions if q.answer is not None]
