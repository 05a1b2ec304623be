# Copyright (c) clipbert_mm contributors.
"""Explanation of a score: places, moments and words that speak for it."""

import dataclasses
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from clipbert_mm.visualization.heat_map import draw_heat, upscale_cells


@dataclasses.dataclass(frozen=True, eq=False)
class ExplainedClip:
    """What speaks for a match in one clip.

    Args:
        start (float): Start in seconds.
        end (float): End in seconds.
        score (float): Score of the clip as a video of one clip.
        frames (np.ndarray): Frames as the model sees them, without padding,
            ``(T, H, W, 3)``, uint8, RGB.
        cells (np.ndarray): Relevance of the cells to the whole text, float32
            ``(rows, columns)``. Positive values speak for the text.
        cell_size (tuple[float, float]): Height and width of a cell in pixels
            of the frames; the first lies in the top left corner.
    """

    start: float
    end: float
    score: float
    frames: np.ndarray
    cells: np.ndarray
    cell_size: tuple[float, float]

    def peak(self, cells: np.ndarray | None = None) -> tuple[float, float]:
        """Return the centre of the most relevant cell.

        Args:
            cells (np.ndarray | None): Map of the clip, such as that of a
                word. Defaults to None: that of the whole text.

        Returns:
            tuple[float, float]: Distance from the left and from the top, as
            fractions of the frame.
        """
        values = self.cells if cells is None else cells
        height, width = self.frames.shape[1:3]
        rows, cols = values.shape
        y = (np.arange(rows) + 0.5) * self.cell_size[0] / height
        x = (np.arange(cols) + 0.5) * self.cell_size[1] / width
        # Cells whose centre is padding show nothing.
        shown = np.where((y[:, None] < 1) & (x < 1), values, -np.inf)
        row, col = np.unravel_index(int(shown.argmax()), shown.shape)
        return float(x[col]), float(y[row])


@dataclasses.dataclass(frozen=True, eq=False)
class ExplainedWord:
    """What a word adds to a match.

    Args:
        word (str): The word.
        start (int): Position of its first character in the text.
        end (int): Position behind its last character.
        score_without (float): Score of the text without the word.
        relevance (float): Evidence that is lost without it; negative if the
            word speaks against the match.
        cells (tuple[np.ndarray, ...]): Map of the word in each clip, of the
            shape of the clip's ``cells``.
    """

    word: str
    start: int
    end: int
    score_without: float
    relevance: float
    cells: tuple[np.ndarray, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Explanation:
    """Places, moments and words that speak for a score.

    Evidence is the log odds of a match, or the logit of an answer.

    Args:
        video (str): Name of the video.
        text (str): Text that was scored.
        answer (str | None): Answer that is explained; None for a match.
        method (str): ``'occlusion'`` or ``'attention'``.
        score (float): Score of the video and the text.
        clips (tuple[ExplainedClip, ...]): Clips in their order.
        words (tuple[ExplainedWord, ...]): Words that the model reads.
    """

    video: str
    text: str
    answer: str | None
    method: str
    score: float
    clips: tuple[ExplainedClip, ...]
    words: tuple[ExplainedWord, ...]

    @property
    def best_clip(self) -> int:
        """Index of the clip with the highest score."""
        return int(np.argmax([clip.score for clip in self.clips]))

    def to_dict(self) -> dict[str, Any]:
        """Return everything but pixels, ready for JSON.

        Returns:
            dict[str, Any]: Numbers, strings and nested lists.
        """
        return dict(
            video=self.video,
            text=self.text,
            answer=self.answer,
            method=self.method,
            score=self.score,
            best_clip=self.best_clip,
            clips=[
                dict(
                    start=clip.start,
                    end=clip.end,
                    score=clip.score,
                    peak=list(clip.peak()),
                    cells=clip.cells.tolist(),
                )
                for clip in self.clips
            ],
            words=[
                dict(
                    word=word.word,
                    start=word.start,
                    end=word.end,
                    score_without=word.score_without,
                    relevance=word.relevance,
                    cells=[cells.tolist() for cells in word.cells],
                )
                for word in self.words
            ],
        )

    def draw(
        self, clip: int | None = None, word: int | None = None, size: int = 320
    ) -> np.ndarray:
        """Draw the frames of a clip, dim where nothing is relevant.

        The words stand below. The darker a word is underlaid, the more
        evidence it adds.

        Args:
            clip (int | None): Index of the clip. Defaults to None: the best.
            word (int | None): Index of the word whose map is drawn. Defaults
                to None: that of the whole text.
            size (int): Long side of a frame in pixels. Defaults to 320.

        Returns:
            np.ndarray: ``(H, W, 3)``, uint8, RGB.

        Raises:
            IndexError: If there is no such clip or word.
        """
        chosen = self.best_clip if clip is None else clip
        shown = self.clips[chosen]
        cells = shown.cells
        if word is not None:
            cells = self.words[word].cells[chosen]
        height, width = shown.frames.shape[1:3]
        scale = size / max(height, width)
        shape = (round(height * scale), round(width * scale))
        cell_size = (shown.cell_size[0] * scale, shown.cell_size[1] * scale)
        heat = upscale_cells(cells, cell_size, shape)
        heat /= max(float(heat.max()), 1e-12)
        frames = [
            draw_heat(
                np.asarray(Image.fromarray(frame).resize(shape[::-1])), heat
            )
            for frame in shown.frames
        ]
        shown_frames = np.concatenate(frames, 1)
        line = _draw_words(self.words, word, shown_frames.shape[1], size // 16)
        return np.concatenate([shown_frames, line])


def _draw_words(
    words: tuple[ExplainedWord, ...], marked: int | None, width: int, size: int
) -> np.ndarray:
    """Return the words on lines of ``width`` pixels, underlaid in red."""
    font = ImageFont.load_default(max(10, size))
    step, gap = 2 * max(10, size), max(10, size) // 2
    most = max([word.relevance for word in words] + [1e-12])
    places, x, y = [], gap, 0
    for word in words:
        length = round(font.getlength(word.word))
        if x + length + gap > width and x > gap:
            x, y = gap, y + step
        places.append((x, y, length))
        x += length + 2 * gap
    image = Image.new('RGB', (width, y + step), 'white')
    pen = ImageDraw.Draw(image)
    for i, (word, (x, y, length)) in enumerate(zip(words, places)):
        fade = round(255 - 175 * min(1.0, max(0.0, word.relevance) / most))
        box = (x - gap // 2, y + gap // 2, x + length + gap // 2, y + step - 2)
        outline = 'black' if i == marked else None
        pen.rectangle(box, (255, fade, fade), outline)
        pen.text((x, y + gap), word.word, '#202020', font)
    return np.asarray(image)
