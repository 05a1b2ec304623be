# Copyright (c) clipbert_mm contributors.
"""How far the scores of a precision are from those of single precision."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import kendalltau

from clipbert_mm.annotations.captions import read_captions
from clipbert_mm.evaluation.ranks import text_to_video_ranks
from clipbert_mm.media.files import media_files
from clipbert_mm.utils.whole_files import write_whole
from clipbert_mm.weights.onnx_files import write_int8_grid

from .clipbert_inferencer import ClipBERTInferencer
from .video_text_model import preprocess

#: Largest loss of R@1 in percentage points, and smallest rank correlation.
MAX_LOSS = 1.0
MIN_TAU = 0.95
#: Videos that set the ranges of the CNN's activations.
RANGE_VIDEOS = 32


class PrecisionComparison(NamedTuple):
    """Retrieval in single precision and in another one."""

    videos: int
    texts: int
    recall: float  # R@1 in single precision, percent
    other_recall: float
    tau: float  # Kendall's, of the order of the best ten videos
    difference: float  # largest of two scores

    @property
    def is_close(self) -> bool:
        """Whether the loss and the order are within the limits."""
        lost = self.recall - self.other_recall
        return lost <= MAX_LOSS and self.tau >= MIN_TAU

    def describe(self) -> str:
        """Return the numbers as a sentence."""
        verdict = 'within' if self.is_close else 'OUTSIDE'
        return (
            f'int8 against float32, {self.texts} texts and {self.videos} '
            f'videos: R@1 {self.other_recall:.1f} against {self.recall:.1f}, '
            f"Kendall's tau of the best ten {self.tau:.3f}, largest "
            f'difference of scores {self.difference:.4f}; {verdict} the '
            f'limits ({MAX_LOSS:g} point, tau {MIN_TAU:g}).'
        )


def compare_precisions(
    single: ClipBERTInferencer,
    other: ClipBERTInferencer,
    videos: Sequence[str],
    texts: Sequence[str],
    own_video: np.ndarray,
) -> PrecisionComparison:
    """Compare the scores of the same model in two precisions.

    Args:
        single (ClipBERTInferencer): Model in single precision.
        other (ClipBERTInferencer): The same model in another one.
        videos (Sequence[str]): N videos.
        texts (Sequence[str]): M texts.
        own_video (np.ndarray): Index of each text's video, ``(M, )``.

    Returns:
        PrecisionComparison: The comparison.

    Raises:
        ValueError: If there are fewer than two videos.
    """
    if len(videos) < 2:
        raise ValueError(
            f'A comparison needs two videos or more, but got {len(videos)}.'
        )
    expected = single.score(list(videos), texts).T
    found = other.score(list(videos), texts).T
    return PrecisionComparison(
        len(videos),
        len(texts),
        recall_at_1(expected, own_video),
        recall_at_1(found, own_video),
        top_ten_tau(expected, found),
        float(np.abs(found - expected).max()),
    )


def compare_int8(folder: str, ann_file: str, videos: str) -> str:
    """Quantise the CNN, compare int8 with float32, add that to the card.

    The first videos set the ranges of the CNN's activations.

    Args:
        folder (str): Folder of an exported retrieval model.
        ann_file (str): Captions; see :func:`read_captions`.
        videos (str): Folder of their videos.

    Returns:
        str: The comparison, as it is added to ``README.md`` of the folder.

    Raises:
        AnnotationError: If the captions cannot be read.
        FileNotFoundError: If a file does not exist.
        ImportError: If ONNX Runtime is not installed.
        ValueError: If there are fewer than two videos.
    """
    captions = read_captions(ann_file)
    names = list(dict.fromkeys(caption.media for caption in captions))
    places = {name: i for i, name in enumerate(names)}
    files = media_files(names, videos, None)
    single = ClipBERTInferencer(folder, device='cpu')
    samples = (
        preprocess(single.model, [single.pipeline(file).frames])[0]
        for file in files[:RANGE_VIDEOS]
    )
    write_int8_grid(folder, single.model, samples)
    comparison = compare_precisions(
        single,
        ClipBERTInferencer(folder, precision='int8'),
        files,
        [caption.text for caption in captions],
        np.array([places[caption.media] for caption in captions]),
    )
    text = comparison.describe()
    card = Path(folder) / 'README.md'
    before = card.read_text(encoding='utf-8') + '\n' if card.exists() else ''
    write_whole(card, f'{before}## Precision on a CPU\n\n{text}\n')
    return text


def recall_at_1(scores: np.ndarray, own_video: np.ndarray) -> float:
    """Return the percentage of texts whose own video is first.

    Args:
        scores (np.ndarray): ``(M, N)``.
        own_video (np.ndarray): Column of each text's video, ``(M, )``.

    Returns:
        float: Percentage.

    Example:
        >>> recall_at_1(np.eye(2), np.array([0, 0]))
        50.0
    """
    return 100 * float((text_to_video_ranks(scores, own_video) == 1).mean())


def top_ten_tau(expected: np.ndarray, found: np.ndarray) -> float:
    """Return the mean rank correlation of each text's best ten videos.

    Args:
        expected (np.ndarray): Scores that choose the videos, ``(M, N)``.
        found (np.ndarray): Scores that order them too, ``(M, N)``.

    Returns:
        float: Mean of Kendall's tau-b; texts with equal scores are left out.

    Example:
        >>> top_ten_tau(np.array([[0.9, 0.5, 0.1]]), np.array([[3, 2, 1]]))
        1.0
    """
    best = np.argsort(-expected, 1, kind='stable')[:, :10]
    pairs = zip(
        np.take_along_axis(expected, best, 1),
        np.take_along_axis(found, best, 1),
    )
    return float(np.nanmean([kendalltau(a, b).statistic for a, b in pairs]))
