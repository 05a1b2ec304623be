# Copyright (c) clipbert_mm contributors.
"""Model directories of Hugging Face: weights beside a config.json."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    LocalEntryNotFoundError,
)
from torch import Tensor
from transformers import BertConfig

from clipbert_mm.utils.checkpoint_file import (
    load_checkpoint_file,
    save_checkpoint_file,
)

from .bert_keys import count_layers
from .conversion_report import ConversionError

#: Weight files of a model directory; the first that exists is read.
WEIGHT_FILES = ('model.safetensors', 'pytorch_model.bin')

#: Options of ``BertConfig`` that decide what a BERT computes.
BERT_OPTIONS = (
    'vocab_size',
    'hidden_size',
    'num_hidden_layers',
    'num_attention_heads',
    'intermediate_size',
    'hidden_act',
    'hidden_dropout_prob',
    'attention_probs_dropout_prob',
    'max_position_embeddings',
    'type_vocab_size',
    'initializer_range',
    'layer_norm_eps',
    'pad_token_id',
)


def load_model_directory(path: str | Path) -> dict[str, Tensor]:
    """Read the weights of a model directory of Hugging Face.

    Args:
        path (str | Path): Directory with ``model.safetensors`` or
            ``pytorch_model.bin``, one of the two files, or a name on the
            Hugging Face hub.

    Returns:
        dict[str, Tensor]: Tensors by name, on the CPU.

    Raises:
        FileNotFoundError: If the directory has neither file.
        OSError: If it is neither a directory nor a name that the hub gave.
        CheckpointFileError: See :func:`load_checkpoint_file`.

    Example:
        >>> state = load_model_directory('bert-base-uncased')  # doctest: +SKIP
    """
    if Path(path).is_file():
        return load_checkpoint_file(path)
    if not Path(path).is_dir():
        return load_checkpoint_file(_download(str(path)))
    for name in WEIGHT_FILES:
        if (Path(path) / name).is_file():
            return load_checkpoint_file(Path(path) / name)
    raise FileNotFoundError(
        f'expected one of {WEIGHT_FILES} in {path}, but there is none. Pass '
        'the directory of a downloaded checkpoint of Hugging Face.'
    )


def _download(name: str) -> str:
    """Return the path of a weight file of the hub in the local cache."""
    for file_name in WEIGHT_FILES:
        try:
            return hf_hub_download(name, file_name)
        except LocalEntryNotFoundError as error:  # the hub was not reached
            raise _not_available(name, error) from error
        except EntryNotFoundError:
            continue  # the model has no such file
        except Exception as error:  # the hub's client raises many kinds
            raise _not_available(name, error) from error
    raise FileNotFoundError(
        f'expected one of {WEIGHT_FILES} in {name!r} on the Hugging Face hub, '
        'but it has none.'
    )


def _not_available(name: str, error: Exception) -> OSError:
    """Say what to pass where the hub does not give a model."""
    reason = str(error).strip().partition('\n')[0]
    return OSError(
        f'{name!r} is neither a file nor a directory, nor a name that the '
        f'Hugging Face hub gave ({type(error).__name__}: {reason}). Without a '
        'network pass the directory of a downloaded checkpoint, with '
        f'{" or ".join(WEIGHT_FILES)} in it.'
    )


def bert_options(bert: str | Mapping[str, Any]) -> dict[str, Any]:
    """Options of a BERT, so that it can be built without its files.

    Args:
        bert (str | Mapping[str, Any]): As ``bert`` of
            :class:`BertCrossModalHead`: a folder or a hub name, or options.

    Returns:
        dict[str, Any]: Arguments of ``BertConfig``, defaults included.

    Raises:
        OSError: If the folder or the name cannot be found.

    Example:
        >>> bert_options(dict(hidden_size=64))['num_hidden_layers']
        12
    """
    if isinstance(bert, str):
        try:
            config = BertConfig.from_pretrained(bert)
        except OSError as error:
            raise OSError(
                f'Cannot read the config.json of BERT from {bert!r}: {error}. '
                'Without a network set head.bert of the config to a folder '
                'with that file, or to a dict of BertConfig arguments.'
            ) from error
    else:
        config = BertConfig(**bert)
    return {name: getattr(config, name) for name in BERT_OPTIONS}


def save_bert_directory(
    folder: str | Path,
    tensors: Mapping[str, Tensor],
    options: Mapping[str, Any],
    sizes: Mapping[str, int],
    vocab_file: str | Path | None = None,
) -> None:
    """Write a directory that ``BertModel.from_pretrained`` reads.

    Args:
        folder (str | Path): The directory; it is made.
        tensors (Mapping[str, Tensor]): From :func:`revert_bert`.
        options (Mapping[str, Any]): From :func:`bert_options`.
        sizes (Mapping[str, int]): Sizes of the tensors, as their report
            says; the options must be of these sizes.
        vocab_file (str | Path, optional): The ``vocab.txt`` to put beside
            the weights. Defaults to None.

    Raises:
        ConversionError: If the options say other sizes than the tensors.
        FileNotFoundError: If there is no ``vocab_file``.

    Example:
        >>> save_bert_directory('bert', theirs, bert_options('old'),
        ...                     report.sizes)  # doctest: +SKIP
    """
    found = {**sizes, 'num_hidden_layers': count_layers(tensors)}
    wrong = [
        f'{name} is {size} in the checkpoint, {options[name]} in the config'
        for name, size in found.items()
        if size != options[name]
    ]
    if wrong:
        raise ConversionError(
            f'the BERT of the config is not that of the checkpoint: '
            f'{"; ".join(wrong)}. Pass the config of its training.'
        )
    if vocab_file is not None and not Path(vocab_file).is_file():
        raise FileNotFoundError(
            f'expected the vocab.txt of a tokenizer, but {vocab_file} is not '
            'a file.'
        )
    folder = Path(folder)
    save_checkpoint_file(tensors, folder / WEIGHT_FILES[0])
    BertConfig(**options).save_pretrained(folder)
    if vocab_file is not None:
        shutil.copyfile(vocab_file, folder / 'vocab.txt')
