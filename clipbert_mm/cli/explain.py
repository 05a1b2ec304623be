# Copyright (c) clipbert_mm contributors.
"""Show where a match lies: the moment, the place in the frame, the words.

Example:
    clipbert-mm explain a.mp4 "a red ring moves" --out where.png
    clipbert-mm explain a.mp4 "what colour is the ring" --model demo-qa --json
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .options import check_new_file, check_one_video, check_texts, open_model
from .running import CommandError, Outcome, Status, run
from .tables import make_table

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    import numpy as np
    from rich.console import RenderableType

    from clipbert_mm.apis import Explanation


def explain(
    video: options.OneVideo,
    text: options.Text,
    answer: Annotated[
        str | None,
        typer.Option(
            help='Answer to explain, for a model of question answering; '
            'default: its best one.'
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            help='occlusion: what hiding a part of the frame costs; '
            "attention: Chefer et al.'s rule, which is faster."
        ),
    ] = 'occlusion',
    out: Annotated[
        str | None,
        typer.Option(
            metavar='FILE.png',
            help='Save the best moment as an image, dim where nothing is '
            'relevant.',
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option('--overwrite', help='Replace an existing image.')
    ] = False,
    model: options.Model = options.DEMO,
    weights: options.Weights = None,
    device: options.Device = None,
    precision: options.Precision = None,
    decoder: options.Decoder = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Show where a match lies: the moment, the place, the words."""
    check_one_video(video)
    check_texts([text])
    check_new_file(out, '--out', ('.png', '.jpg'), overwrite)

    def work() -> Outcome:
        inferencer = open_model(model, weights, device, precision, decoder)
        with unreadable_is_status(video):
            found = inferencer.explain(video, text, answer, method)
        if out is not None:
            save_image(found.draw(), out)
        return Outcome(found.to_dict(), table_of(found))

    run(work, as_json, debug)


@contextmanager
def unreadable_is_status(video: str) -> Iterator[None]:
    """Turn the error of an unreadable file into one with its exit status.

    Args:
        video (str): The file.

    Yields:
        None: While the file is read.

    Raises:
        CommandError: If the file is unreadable.
    """
    from clipbert_mm.media.errors import is_media_error

    try:
        yield
    except Exception as error:
        if not is_media_error(error):
            raise
        raise CommandError(
            str(error), Status.UNREADABLE, dict(video=video)
        ) from error


def save_image(image: 'np.ndarray', path: str) -> None:
    """Write an image to a file.

    Args:
        image (np.ndarray): ``(H, W, 3)``, uint8, RGB.
        path (str): The file.
    """
    from PIL import Image

    Image.fromarray(image).save(path)


def table_of(found: 'Explanation') -> 'RenderableType':
    """Return the words of an explanation as a table.

    Args:
        found (Explanation): The explanation.

    Returns:
        RenderableType: The table.
    """
    best = found.clips[found.best_clip]
    rows = [
        [word.word, f'{word.relevance:+.2f}', f'{word.score_without:.3f}']
        for word in found.words
    ]
    title = (
        f'{found.score:.3f} {found.video}, '
        f'best at {best.start:.1f}-{best.end:.1f} s'
    )
    return make_table(title, ['word', ' evidence', ' score without'], rows)
