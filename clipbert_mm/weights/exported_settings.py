# Copyright (c) clipbert_mm contributors.
"""Settings of an exported model: a JSON file that runs nothing."""

import json
import os.path as osp
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from clipbert_mm.annotations.strict_json import StrictJSONError, decode_all
from clipbert_mm.version import __version__

from .portable_config import TOKENIZER_FOLDER, rewrite
from .safe_settings import UnsafeSettingsError, check_settings

FORMAT = 'clipbert_mm model'
FORMAT_VERSION = 1

_DESCRIPTION = ('format', 'format_version', 'clipbert_mm_version', 'config')
_SETTINGS = ('default_scope', 'model', 'test_dataloader')

# Far more than the answers of any dataset take.
_MOST_BYTES = 64 << 20


def format_settings(settings: Mapping[str, Any], config_name: str) -> str:
    """Return the text of the settings of an exported model.

    Args:
        settings (Mapping[str, Any]): Result of :func:`portable_config`.
        config_name (str): Name of the config of the training.

    Returns:
        str: JSON.

    Raises:
        UnsafeSettingsError: If the settings could not be loaded again, for
            example because they name a file of this machine.
    """
    text = json.dumps(
        dict(
            format=FORMAT,
            format_version=FORMAT_VERSION,
            clipbert_mm_version=__version__,
            config=config_name,
            **settings,
        ),
        indent=1,
        default=_to_plain,
    )
    check_settings(json.loads(text), TOKENIZER_FOLDER)
    return text + '\n'


def _to_plain(value: Any) -> str:
    """Name a class, as configs may hold instead of its name."""
    if isinstance(value, type):
        return value.__name__
    raise UnsafeSettingsError(
        f'{value!r:.80} of the config cannot be written as JSON. Give the '
        'option a plain value.'
    )


def read_settings(path: Path) -> Config:
    """Read the settings of an exported model without running anything.

    Args:
        path (Path): ``config.json`` of the folder.

    Returns:
        Config: ``model``, and of ``test_dataloader`` what one file needs;
        ``tokenizer`` is a path in the folder.

    Raises:
        UnsafeSettingsError: If the file is not one that
            :func:`format_settings` could have written.

    Example:
        >>> cfg = read_settings(Path('exported/config.json'))  # doctest: +SKIP
    """
    try:
        settings = read_object(path, _MOST_BYTES)
        _check_format(settings)
        check_settings(settings, TOKENIZER_FOLDER)
    except UnsafeSettingsError as error:
        raise UnsafeSettingsError(f'{path}: {error}') from error
    folder = osp.join(path.parent, TOKENIZER_FOLDER)
    settings = rewrite(
        {name: settings[name] for name in _SETTINGS if name in settings},
        dict(tokenizer=lambda t: folder if t == TOKENIZER_FOLDER else t),
    )
    return Config(settings)


def read_object(path: Path, most_bytes: int) -> dict[str, Any]:
    """Read a JSON object of bounded size.

    Args:
        path (Path): The file.
        most_bytes (int): Maximum size of the file.

    Returns:
        dict[str, Any]: Its members.

    Raises:
        UnsafeSettingsError: If it is larger, or not a JSON object.
    """
    size = path.stat().st_size
    if size > most_bytes:
        raise UnsafeSettingsError(
            f'expected at most {most_bytes} bytes, but got {size}.'
        )
    try:
        content = decode_all(path.read_text(encoding='utf-8-sig'))
    except (StrictJSONError, UnicodeDecodeError) as error:
        raise UnsafeSettingsError(
            f'expected JSON, but it is damaged or something else: {error}. '
            'Copy it, or export the model, again.'
        ) from error
    if not isinstance(content, dict):
        raise UnsafeSettingsError(
            f'expected a JSON object, but got {type(content).__name__}.'
        )
    return content


def _check_format(settings: Mapping[str, Any]) -> None:
    """Raise unless the members are those of the format."""
    found = (settings.get('format'), settings.get('format_version'))
    if found != (FORMAT, FORMAT_VERSION):
        raise UnsafeSettingsError(
            f'expected format {FORMAT!r}, version {FORMAT_VERSION}, but got '
            f'{found[0]!r:.40}, version {found[1]!r:.40}. Export the model '
            'with this version of clipbert_mm.'
        )
    others = sorted(settings.keys() - {*_DESCRIPTION, *_SETTINGS})
    if others:
        raise UnsafeSettingsError(
            f'expected only {", ".join(_SETTINGS)} and a description, but got '
            f'{", ".join(map(repr, others[:3]))}.'
        )
    if settings.get('default_scope', 'mmaction') != 'mmaction':
        raise UnsafeSettingsError(
            "default_scope must be 'mmaction', but got "
            f'{settings["default_scope"]!r:.40}.'
        )
    loader = settings.get('test_dataloader', {})
    dataset = loader.get('dataset', {}) if isinstance(loader, dict) else None
    kept = {'type', 'pipeline', 'tokenize'}
    if (
        not isinstance(settings.get('model'), dict)
        or not isinstance(dataset, dict)
        or loader.keys() - {'dataset'}
        or dataset.keys() - kept
    ):
        raise UnsafeSettingsError(
            'expected a model, and of test_dataloader only '
            f'{", ".join(sorted(kept))} of its dataset.'
        )
    steps = dataset.get('pipeline', [])
    if not isinstance(steps, list):
        raise UnsafeSettingsError(
            'expected a list of transforms as the pipeline of '
            f'test_dataloader.dataset, but got {steps!r:.40}.'
        )
    tokenize = dataset.get('tokenize')
    _check_steps(steps if tokenize is None else [*steps, tokenize])


def _check_steps(steps: list[Any]) -> None:
    """Raise unless transforms are dicts with a type."""
    for step in steps:
        if not isinstance(step, dict) or 'type' not in step:
            raise UnsafeSettingsError(
                'expected a dict with a type as each transform of '
                f'test_dataloader.dataset, but got {step!r:.60}.'
            )


def check_folder(folder: Path, names: tuple[str, ...]) -> None:
    """Raise if a file of an exported folder lies elsewhere.

    Links of the cache of the Hugging Face hub are allowed.

    Args:
        folder (Path): Folder of the exported model.
        names (tuple[str, ...]): Names of its files.

    Raises:
        UnsafeSettingsError: If one of them, or a file of its tokenizer, is a
            link out of the folder or names a file outside.
    """
    own = folder.resolve()
    allowed = [own]
    if own.parent.name == 'snapshots':
        allowed.append(own.parent.parent / 'blobs')
    tokenizer = folder / TOKENIZER_FOLDER
    files = [folder / name for name in names]
    if tokenizer.is_dir():
        files += [tokenizer, *tokenizer.iterdir()]
    for path in files:
        real = path.resolve()
        if not any(real.is_relative_to(root) for root in allowed):
            raise UnsafeSettingsError(
                f'{path} is a link to {real}, outside the folder. Copy the '
                'file itself into the folder.'
            )
