# Copyright (c) clipbert_mm contributors.
"""Arguments and options that several commands share."""

import glob
import os
import os.path as osp
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:  # imported where needed, so that --help is fast
    from clipbert_mm.apis import ClipBERTInferencer

DEMO, DEMO_QA = 'demo', 'demo-qa'

Videos = Annotated[
    list[str],
    typer.Argument(
        metavar='VIDEO...',
        help='Files, folders or patterns.',
        show_default=False,
    ),
]
OneVideo = Annotated[
    str, typer.Argument(metavar='VIDEO', help='A file.', show_default=False)
]
Text = Annotated[
    str,
    typer.Argument(
        metavar='TEXT', help='Text to look for.', show_default=False
    ),
]
MinScore = Annotated[
    float,
    typer.Option(
        min=0.0,
        max=1.0,
        metavar='SCORE',
        help='Smallest score of a match.',
    ),
]
Model = Annotated[
    str,
    typer.Option(
        metavar='MODEL',
        help='Exported folder, config or its name, name on the Hugging Face '
        'hub, or one of the models that come with the package: demo, '
        'demo-qa.',
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        metavar='FILE', help='Checkpoint, where the model is a config.'
    ),
]
Device = Annotated[
    str | None,
    typer.Option(help='Device, such as cpu or cuda:1; default: a GPU if any.'),
]
Precision = Annotated[
    str | None,
    typer.Option(help='Precision of the arithmetic; default: single.'),
]
Decoder = Annotated[
    str | None,
    typer.Option(help='pyav, decord or torchcodec; default: of the model.'),
]
Html = Annotated[
    str | None,
    typer.Option(metavar='FILE', help='Write a page with the best moments.'),
]
SaveClips = Annotated[
    str | None,
    typer.Option(
        metavar='DIR',
        help='Cut the best moments out, without sound, to a new or empty '
        'folder.',
    ),
]
OverwriteMoments = Annotated[
    bool,
    typer.Option(
        '--overwrite',
        help='Allow --html and --save-clips to replace files.',
    ),
]
Json = Annotated[
    bool,
    typer.Option('--json', help='Print one JSON document instead of a table.'),
]
Debug = Annotated[
    bool, typer.Option('--debug', help='Show the traceback of an error.')
]


def open_model(
    model: str,
    weights: str | None,
    device: str | None,
    precision: str | None,
    decoder: str | None,
) -> 'ClipBERTInferencer':
    """Load a model.

    Args:
        model (str): See :class:`~clipbert_mm.apis.ClipBERTInferencer`.
        weights (str | None): Checkpoint.
        device (str | None): Device.
        precision (str | None): Precision.
        decoder (str | None): Decoder.

    Returns:
        ClipBERTInferencer: The model, which shows its progress.
    """
    from clipbert_mm.apis import ClipBERTInferencer

    return ClipBERTInferencer(model, weights, device, precision, decoder)


def check_videos(names: Sequence[str], argument: str = 'VIDEO') -> None:
    """Raise unless all videos exist, before a model is loaded.

    Args:
        names (Sequence[str]): Files, folders and patterns.
        argument (str): Name of the argument for the message. Defaults to
            ``'VIDEO'``.

    Raises:
        typer.BadParameter: If one does not exist.
    """
    for name in names:
        if osp.lexists(name):
            continue
        if '://' in name:
            reason = 'is an address; download the file and pass its path'
        elif glob.has_magic(name):
            if glob.glob(name, recursive=True):
                continue
            reason = 'is a pattern that no file matches'
        else:
            reason = 'does not exist'
        raise usage_error(f'{name!r} {reason}.', argument)


def check_one_video(name: str) -> None:
    """Raise unless a name is that of one existing file.

    Args:
        name (str): The name.

    Raises:
        typer.BadParameter: If it is a folder or a pattern, or does not exist.
    """
    check_videos([name])
    if osp.isdir(name) or not osp.lexists(name):
        raise usage_error(
            f'{name!r} is a folder or a pattern. Pass one file.', 'VIDEO'
        )


def check_texts(texts: Sequence[str], argument: str = 'TEXT') -> None:
    """Raise unless there are texts and none is empty.

    Args:
        texts (Sequence[str]): The texts.
        argument (str): Name of the argument for the message. Defaults to
            ``'TEXT'``.

    Raises:
        typer.BadParameter: If one is empty.
    """
    if not texts:
        raise usage_error('at least one is needed.', argument)
    for text in texts:
        if not text.strip():
            raise usage_error(f'must not be empty, but is {text!r}.', argument)


def check_new_folder(folder: str | None, option: str, overwrite: bool) -> None:
    """Raise unless a folder is new or empty, or may be overwritten.

    Args:
        folder (str | None): The folder.
        option (str): Name of the option for the message.
        overwrite (bool): Whether files in it may be replaced.

    Raises:
        typer.BadParameter: If it is a file, holds files or cannot be
            written.
    """
    from clipbert_mm.utils import outputs

    if folder is None:
        return
    if not folder:
        raise usage_error(
            'must be the path of a folder, but is empty.', option
        )
    if not osp.lexists(folder):
        try:
            outputs.check_new_folder(option, folder)
        except outputs.OutputError as error:
            raise usage_error(str(error), option) from None
        return
    if not osp.isdir(folder):
        raise usage_error(f'{folder!r} is not a folder.', option)
    if not overwrite and os.listdir(folder):
        raise usage_error(
            f'the folder {folder!r} is not empty. Pass another one, or '
            '--overwrite.',
            option,
        )


def check_new_file(
    file: str | None, option: str, suffixes: tuple[str, ...], overwrite: bool
) -> None:
    """Raise unless a file can be written.

    Args:
        file (str | None): The file.
        option (str): Name of the option for the message.
        suffixes (tuple[str, ...]): Suffixes of which it must have one.
        overwrite (bool): Whether it may be replaced.

    Raises:
        typer.BadParameter: If it exists or cannot be written.
    """
    from clipbert_mm.utils.outputs import OutputError, check_output_file

    if file is None:
        return
    if osp.lexists(file) and not overwrite:
        raise usage_error(
            f'{file!r} exists. Pass another name, or --overwrite.', option
        )
    try:
        check_output_file(option, file, suffixes)
    except OutputError as error:
        raise usage_error(str(error), option) from None


def usage_error(message: str, argument: str) -> typer.BadParameter:
    """Return the error of a wrong argument.

    Args:
        message (str): What is wrong, and what to do.
        argument (str): Name of the argument.

    Returns:
        typer.BadParameter: Error that ends the command with status 2.
    """
    kwargs: dict[str, Any] = dict(param_hint=argument)
    return typer.BadParameter(message, **kwargs)
