# Copyright (c) clipbert_mm contributors.
"""Read and write model directories of Hugging Face."""

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

from clipbert_mm.models.bert_loading import WEIGHT_FILES, read_bert_config
from clipbert_mm.utils.checkpoint_file import (
    load_checkpoint_file,
    save_checkpoint_file,
)
from clipbert_mm.utils.whole_files import write_whole

from .bert_keys import count_layers
from .conversion_report import ConversionError

#: Options of ``BertConfig`` on which the results of a BERT depend.
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
        OSError: If the path does not exist and cannot be downloaded.
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
        f'expected one of {WEIGHT_FILES} in {path}, but found neither. Pass '
        'the directory of a checkpoint downloaded from Hugging Face.'
    )


def _download(name: str) -> str:
    """Download a weight file from the hub and return its local path."""
    for file_name in WEIGHT_FILES:
        try:
            return hf_hub_download(name, file_name)
        except LocalEntryNotFoundError as error:  # the hub is unreachable
            raise _not_available(name, error) from error
        except EntryNotFoundError:
            continue  # the model has no such file
        except Exception as error:  # the client raises many types
            raise _not_available(name, error) from error
    raise FileNotFoundError(
        f'expected one of {WEIGHT_FILES} in {name!r} on the Hugging Face hub, '
        'but found neither.'
    )


def _not_available(name: str, error: Exception) -> OSError:
    """Explain what to pass instead of a name that cannot be downloaded."""
    reason = str(error).strip().partition('\n')[0]
    return OSError(
        f'{name!r} is neither a file nor a directory, and cannot be '
        f'downloaded from the Hugging Face hub ({type(error).__name__}: '
        f'{reason}). Without a network, pass the directory of a downloaded '
        f'checkpoint that contains {" or ".join(WEIGHT_FILES)}.'
    )


def bert_options(bert: str | Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a BERT, which build it without its files.

    Args:
        bert (str | Mapping[str, Any]): Option ``bert`` of
            :class:`BertCrossModalHead`: a folder, a name on the hub, or
            options.

    Returns:
        dict[str, Any]: Arguments of ``BertConfig``, including defaults.

    Raises:
        OSError: If the folder or the name cannot be found.
        ValueError: If it is of another architecture.

    Example:
        >>> bert_options(dict(hidden_size=64))['num_hidden_layers']
        12
    """
    config = read_bert_config(bert)
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
        folder (str | Path): Directory, which is created if necessary.
        tensors (Mapping[str, Tensor]): Tensors from :func:`revert_bert`.
        options (Mapping[str, Any]): Options from :func:`bert_options`.
        sizes (Mapping[str, int]): Sizes from the report of the tensors.
        vocab_file (str | Path | None): ``vocab.txt`` to copy next to the
            weights. Defaults to None.

    Raises:
        ConversionError: If the options and the tensors differ in a size.
        FileNotFoundError: If ``vocab_file`` does not exist.

    Example:
        >>> save_bert_directory('bert', theirs, bert_options('old'),
        ...                     report.sizes)  # doctest: +SKIP
    """
    found = {**sizes, 'num_hidden_layers': count_layers(tensors)}
    wrong = [
        f'{name} is {size} in the checkpoint but {options[name]} in the config'
        for name, size in found.items()
        if size != options[name]
    ]
    if wrong:
        raise ConversionError(
            'the BERT of the config does not match the checkpoint: '
            f'{"; ".join(wrong)}. Pass the config of its training.'
        )
    if vocab_file is not None and not Path(vocab_file).is_file():
        raise FileNotFoundError(
            f'expected the vocab.txt of a tokenizer, but {vocab_file} is not '
            'a file.'
        )
    folder = Path(folder)
    config = BertConfig(**options)
    write_whole(folder / 'config.json', config.to_json_string())
    if vocab_file is not None:
        content = Path(vocab_file).read_bytes()
        write_whole(folder / 'vocab.txt', content)
    # The weights last: without them, the folder does not pass for complete.
    save_checkpoint_file(tensors, folder / WEIGHT_FILES[0])
