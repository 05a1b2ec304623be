# Copyright (c) clipbert_mm contributors.
"""Write the quickstart's corpus: real media files, captions and vocabulary.

There are 2,200 JPEG and PNG images and 930 h264 mp4 files for training; for
testing, a gallery of 100 mp4 files and 100 images whose combinations of
attributes never occur in training. Captions are ClipBERT's JSON lines.
Everything follows from the settings and their seed, and nothing is written
again while they stay the same::

    python -m clipbert_mm.quickstart.corpus.scene_corpus corpus --seed 0
"""

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from .annotations import SPLITS, Item, check_generalisation, write_annotations
from .media import write_once, write_video
from .scene_captions import TEMPLATES
from .scenes import Look, all_combinations, draw_look, frames
from .settings import check_ranges, run_writer

LAYOUT = 2  # increment it when the same settings write other files
FOLDERS = ('images', 'videos', 'annotations', 'tokenizer')
LONG_SIDES = (96, 112, 128, 160)
ASPECT_RATIOS = (1.0, 1.0, 4 / 3, 5 / 4, 3 / 2, 4 / 5)
FRAME_RATES = (8, 10, 12, 15, 24, 25, Fraction(30000, 1001))


@dataclasses.dataclass(frozen=True)
class CorpusSettings:
    """Settings that the files of a corpus follow from.

    Args:
        seed (int): Seed of every draw. Defaults to 0.
        images (int): Number of training images. Defaults to 2200.
        videos (int): Number of training videos. Defaults to 930.
        gallery (int): Number of test videos, each with a combination of its
            own that training never sees. There are as many test images, of
            the same combinations. Defaults to 100.
        captions_per_item (int): Number of captions of each training item, in
            different wordings; gallery videos have one. Defaults to 3.

    Raises:
        ValueError: If a setting is out of range.
    """

    seed: int = 0
    images: int = 2200
    videos: int = 930
    gallery: int = 100
    captions_per_item: int = 3

    def __post_init__(self) -> None:
        half = len(all_combinations()) // 2
        check_ranges(
            self,
            seed=2**32,
            images=10**5,
            videos=10**5,
            gallery=half,
            captions_per_item=len(TEMPLATES),
        )


def plan_items(root: Path, settings: CorpusSettings) -> dict[str, list[Item]]:
    """Decide on every file of the corpus.

    Training images and videos take the training combinations in turn, so
    that all are equally frequent; gallery videos and test images have one
    combination each.

    Args:
        root (Path): Folder of the corpus.
        settings (CorpusSettings): Settings of the corpus.

    Returns:
        dict[str, list[Item]]: Items by split.
    """
    combinations = all_combinations()
    np.random.default_rng(settings.seed).shuffle(combinations)
    gallery = combinations[: settings.gallery]
    training = combinations[settings.gallery :]
    files = {
        'images_train': ('images/image{:05d}', settings.images, training),
        'videos_train': ('videos/video{:05d}', settings.videos, training),
        'gallery_test': ('videos/gallery{:03d}', settings.gallery, gallery),
        'images_test': ('images/unseen{:03d}', settings.gallery, gallery),
    }
    plan = {}
    for number, split in enumerate(SPLITS):
        name, count, pool = files[split]
        suffixes = (
            ('.jpg', '.jpg', '.png')
            if name.startswith('images')
            else ('.mp4',)
        )
        plan[split] = [
            Item(
                root / (name.format(i) + suffixes[i % len(suffixes)]),
                pool[i % len(pool)],
                (settings.seed, number, i),
            )
            for i in range(count)
        ]
    return plan


def draw_sized_look(rng: np.random.Generator) -> Look:
    """Draw the size of a file, and what else its caption leaves out.

    Args:
        rng (np.random.Generator): Draws them; new from the seed of the file.

    Returns:
        Look: The properties.
    """
    long_side, ratio = rng.choice(LONG_SIDES), rng.choice(ASPECT_RATIOS)
    width, height = (
        int(long_side * min(1, scale)) // 2 * 2 for scale in (ratio, 1 / ratio)
    )  # h264 needs even sides
    return draw_look(width, height, rng)


def draw_rate(rng: np.random.Generator) -> int | Fraction:
    """Draw the rate of a video, after its look.

    Args:
        rng (np.random.Generator): Draws it.

    Returns:
        int | Fraction: Frames per second.
    """
    return FRAME_RATES[rng.integers(len(FRAME_RATES))]


def write_item(item: Item) -> None:
    """Draw a scene and write it as a JPEG, PNG or h264 mp4 file.

    Args:
        item (Item): The scene.
    """
    rng = np.random.default_rng(item.seed)
    look = draw_sized_look(rng)
    if item.path.suffix == '.mp4':
        rate = draw_rate(rng)
        times = np.arange(max(2, int(rng.uniform(0.8, 2.4) * rate)))
        write_video(
            item.path,
            frames(item.combination, look, rng, list(times / float(rate))),
            rate,
            (look.width, look.height),
        )
    else:
        image = Image.fromarray(next(frames(item.combination, look, rng)))
        image.save(item.path, quality=int(rng.integers(80, 96)))


def generate(
    root: str | Path,
    settings: CorpusSettings = CorpusSettings(),
    processes: int = 2,
) -> bool:
    """Write the corpus, unless it exists.

    Args:
        root (str | Path): Folder of the corpus: new, empty or with an earlier
            corpus.
        settings (CorpusSettings): Settings of the corpus.
        processes (int): Number of processes that write. Defaults to 2.

    Returns:
        bool: Whether anything had to be written.

    Raises:
        ValueError: If ``root`` holds something else.
    """
    root = Path(root)
    plan = plan_items(root, settings)

    def describe() -> None:
        write_annotations(root, plan, settings.captions_per_item)
        check_generalisation(root)

    return write_once(
        root,
        dict(layout=LAYOUT, **dataclasses.asdict(settings)),
        FOLDERS,
        plan,
        write_item,
        describe,
        processes,
    )


def main() -> None:
    """Write a corpus from the command line."""
    run_writer(
        'Write the corpus of the quickstart: images, videos, captions, '
        'negatives, vocabulary.',
        CorpusSettings,
        generate,
        'the corpus',
    )


if __name__ == '__main__':
    main()
