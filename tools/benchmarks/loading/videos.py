# Copyright (c) clipbert_mm contributors.
"""Video files to measure decoding with, and a vocabulary."""

from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np

FPS = 25
WORDS = (
    'a man woman dog cat is plays runs jumps rides cooks talks in on the '
    'guitar ball street kitchen water red blue green car'
).split()
SPECIAL = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')


class VideoKind(NamedTuple):
    """Size, length and key frames of a video.

    Args:
        width (int): Width of the frames, pixels.
        height (int): Height of the frames, pixels.
        seconds (float): Length in seconds, at 25 frames per second.
        gop (int): Maximum number of frames from one key frame to the next.
            Defaults to 250.
    """

    width: int
    height: int
    seconds: float
    gop: int = 250

    def __str__(self) -> str:
        return (
            f'{self.width}x{self.height} h264 of {self.seconds:g} s, key '
            f'frames {self.gop / FPS:g} s apart'
        )


def write_videos(
    folder: Path, name: str, kind: VideoKind, number: int
) -> list[Path]:
    """Write x264 files of a kind, unless they exist.

    Args:
        folder (Path): Folder of the files.
        name (str): Prefix of their names.
        kind (VideoKind): Kind of the videos.
        number (int): Number of files.

    Returns:
        list[Path]: The files.
    """
    paths = [
        folder / f'{name}_{kind.width}x{kind.height}_{kind.seconds:g}s_{i}.mp4'
        for i in range(number)
    ]
    for i, path in enumerate(paths):
        if not path.exists():
            partial = path.with_suffix('.partial')
            _write(partial, kind, seed=i)
            partial.rename(path)
    return paths


def _write(path: Path, kind: VideoKind, seed: int) -> None:
    """Write a camera that pans over a scene, a flying disk, and noise."""
    width, height = kind.width, kind.height
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    scene = cv2.resize(
        coarse, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC
    )
    noise = rng.integers(0, 10, (8, height, width, 3), np.uint8)
    with av.open(str(path), 'w', format='mp4') as container:
        stream = container.add_stream(
            'libx264', rate=FPS, options=dict(preset='medium', crf='23')
        )
        stream.width, stream.height, stream.pix_fmt = width, height, 'yuv420p'
        stream.codec_context.gop_size = kind.gop
        for i in range(round(kind.seconds * FPS)):
            x = int((np.sin(i / 40) + 1) / 2 * width)
            y = int((np.cos(i / 55) + 1) / 2 * height)
            pixels: Any = cv2.add(
                scene[y : y + height, x : x + width], noise[i % 8]
            )
            cv2.circle(
                pixels,
                (7 * i % width, 5 * i % height),
                height // 6,
                (255, i % 255, 0),
                -1,
            )
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def write_vocabulary(folder: Path) -> str:
    """Write the vocabulary of a small BERT, so that no network is needed.

    Args:
        folder (Path): Folder to put it in.

    Returns:
        str: Folder for ``BertTokenize``.
    """
    folder = folder / 'tokenizer'
    folder.mkdir(exist_ok=True)
    (folder / 'vocab.txt').write_text('\n'.join((*SPECIAL, *WORDS)))
    return str(folder)


def caption(seed: int) -> str:
    """Draw a text of ten words of the vocabulary.

    Args:
        seed (int): Seed of the words.

    Returns:
        str: The text.
    """
    rng = np.random.default_rng(seed)
    return ' '.join(rng.choice(WORDS, 10))
