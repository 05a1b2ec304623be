# Copyright (c) clipbert_mm contributors.
"""Small models and videos that come with the package, to try it with."""

from pathlib import Path

from clipbert_mm.annotations.strict_json import decode_all
from clipbert_mm.utils.config_files import PACKAGE

#: Folder of the models and videos.
DEMO = PACKAGE / 'demo'

#: Models that come with the package, and the folders below ``demo``.
DEMO_MODELS = {'demo': 'retrieval', 'demo-qa': 'qa'}


def demo_model(name: str) -> str:
    """Return the exported folder of a model that comes with the package.

    Args:
        name (str): ``'demo'``, a retrieval model, or ``'demo-qa'``, one of
            question answering. The quickstart trains both.

    Returns:
        str: Absolute path of the folder.

    Raises:
        FileNotFoundError: If the package was installed without it.

    Example:
        >>> Path(demo_model('demo-qa')).name
        'qa'
    """
    return str(_existing(DEMO / DEMO_MODELS[name]))


def demo_videos(model: str = 'demo') -> list[str]:
    """Return videos that come with the package.

    None of them was seen in the training of the model.

    Args:
        model (str): Model that the videos are for, ``'demo'`` or
            ``'demo-qa'``. Defaults to ``'demo'``.

    Returns:
        list[str]: Absolute paths of mp4 files: 24 for ``'demo'``.

    Raises:
        FileNotFoundError: If the package was installed without them.
        ValueError: If no such model comes with the package.

    Example:
        >>> len(demo_videos())
        24
    """
    folder = _videos(model)
    return [str(folder / row['video']) for row in demo_rows(model)]


def demo_rows(model: str = 'demo') -> list[dict]:
    """Return what the videos of :func:`demo_videos` show.

    Args:
        model (str): ``'demo'`` or ``'demo-qa'``. Defaults to ``'demo'``.

    Returns:
        list[dict]: For each video its file name ``video``, its length
        ``duration`` in seconds, and its ``caption``, or ``questions`` with
        their answers.

    Raises:
        FileNotFoundError: If the package was installed without them.
        ValueError: If no such model comes with the package.

    Example:
        >>> sorted(demo_rows()[0])
        ['caption', 'duration', 'video']
    """
    lines = _existing(_videos(model) / 'videos.jsonl').read_text('utf-8')
    return [decode_all(line) for line in lines.splitlines()]


def _videos(model: str) -> Path:
    if model not in tuple(DEMO_MODELS):
        raise ValueError(
            f'model must be one of {tuple(DEMO_MODELS)}, but got {model!r}.'
        )
    return DEMO / f'{DEMO_MODELS[model]}_videos'


def _existing(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(
            f'The package was installed without {path}. Install clipbert_mm '
            'again, from its wheel or from a whole checkout.'
        )
    return path
