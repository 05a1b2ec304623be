# Copyright (c) clipbert_mm contributors.
"""Write the files of an exported model: weights, settings, tokenizer."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmengine.config import Config
from torch import Tensor

from clipbert_mm.utils.checkpoint_file import save_checkpoint_file
from clipbert_mm.utils.whole_files import write_whole
from clipbert_mm.version import __version__

from .exported_settings import format_settings
from .portable_config import (
    CONFIG_FILE,
    TOKENIZER_FOLDER,
    WEIGHT_FILE,
    find_tokenizer,
    portable_config,
)

TOKENIZER_SETTINGS = 'tokenizer_config.json'

#: Files of a tokenizer, next to which a folder may hold the weights of BERT.
TOKENIZER_FILES = (
    'vocab.txt',
    'tokenizer.json',
    TOKENIZER_SETTINGS,
    'special_tokens_map.json',
    'vocab.json',
    'merges.txt',
    'spiece.model',
)

# Members of the settings of a tokenizer that say where it came from, or name
# code to run.
_OF_MACHINE = ('name_or_path', 'auto_map')


def write_model_folder(
    folder: Path,
    tensors: Mapping[str, Tensor],
    config: Config,
    name: str,
    answers: Sequence[str] | None = None,
) -> None:
    """Write ``model.safetensors``, ``config.json`` and ``tokenizer/``.

    Args:
        folder (Path): Existing folder; its files of these names are replaced.
        tensors (Mapping[str, Tensor]): Weights by name.
        config (Config): Config from
            :func:`~.portable_config.without_weight_files`.
        name (str): Name of the config of the training.
        answers (Sequence[str] | None): Answers of the checkpoint. Defaults
            to None.

    Raises:
        UnsafeSettingsError: If the settings name a file of this machine, or a
            class that is not registered.
        ValueError: If the config names several tokenizers.

    Example:
        >>> write_model_folder(Path('exported'), model.state_dict(), config,
        ...                    'clipbert_msrvtt_ret')  # doctest: +SKIP
    """
    text = format_settings(portable_config(config, answers), name)
    tokenizer = find_tokenizer(config)
    meta = dict(clipbert_mm_version=__version__, config=name)
    save_checkpoint_file(dict(tensors), folder / WEIGHT_FILE, meta)
    write_whole(folder / CONFIG_FILE, text)
    if tokenizer is not None:
        _copy_tokenizer(Path(tokenizer), folder / TOKENIZER_FOLDER)


def _copy_tokenizer(source: Path, target: Path) -> None:
    """Copy the files of a tokenizer, without the paths of this machine."""
    target.mkdir(exist_ok=True)
    if source.samefile(target):
        return
    for name in TOKENIZER_FILES:
        if not (source / name).is_file():
            continue
        if name == TOKENIZER_SETTINGS:
            options = json.loads((source / name).read_text(encoding='utf-8'))
            for key in list(options):
                if key in _OF_MACHINE or key.endswith('_file'):
                    del options[key]
            write_whole(target / name, json.dumps(options, indent=1))
        else:
            shutil.copyfile(source / name, target / name)
