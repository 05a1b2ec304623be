# Copyright (c) clipbert_mm contributors.
"""Image-text models of transformers as they are, without a config."""

import os.path as osp
from pathlib import Path
from typing import Any

from mmengine.config import Config
from transformers import AutoConfig, PretrainedConfig

from clipbert_mm.annotations.strict_json import StrictJSONError, decode_all
from clipbert_mm.models.pretrained_parts import check_kind
from clipbert_mm.models.text_limits import text_positions
from clipbert_mm.utils.config_loading import load_config
from clipbert_mm.weights.exported_settings import FORMAT

#: Shipped config of each kind of model, by ``model_type`` of config.json.
CONFIGS = dict(
    blip='blip_msrvtt_ret_zeroshot',
    **{'blip-2': 'blip2_msrvtt_ret_zeroshot'},
    bridgetower='bridgetower_msrvtt_ret_zeroshot',
    clip='clip_msrvtt_ret_zeroshot',
    siglip='siglip_msrvtt_ret_zeroshot',
    vilt='vilt_msrvtt_ret',
)

# Tokens of a text in the authors' code, of models that have more positions:
# BLIP in retrieval, the others in pretraining.
_LENGTHS = {'blip': 35, 'blip-2': 32, 'bridgetower': 50}
_ANSWERING = 'ViltForQuestionAnswering'
_MOST_BYTES = 64 << 20


def model_type(folder: str) -> str | None:
    """Return the kind of the model of transformers in a folder.

    Args:
        folder (str): Folder.

    Returns:
        str | None: ``model_type`` of its ``config.json``; None if it has
        none, or is an exported model of this package.

    Example:
        >>> model_type('no folder') is None
        True
    """
    options = _read_object(osp.join(folder, 'config.json'))
    kind = options.get('model_type')
    is_ours = options.get('format') == FORMAT
    return kind if isinstance(kind, str) and not is_ours else None


def image_text_config(folder: str) -> Config:
    """Return a config that scores videos by a model of transformers.

    It is the shipped config of the kind of model, with the size and the
    colours of the model's own image processor.

    Args:
        folder (str): Folder with ``config.json``, weights and tokenizer.

    Returns:
        Config: Config whose parts read their weights from the folder.

    Raises:
        ValueError: If there is no config for this kind of model, or
            ``config.json`` is not one of its kind.

    Example:
        >>> image_text_config(
        ...     'blip-itm-base-coco').model.head.type  # doctest: +SKIP
        'BlipMatchingHead'
    """
    kind = model_type(folder)
    check_kind(kind)
    if kind not in CONFIGS:
        raise ValueError(
            f'{folder!r} holds a model of the kind {kind!r}, but those that '
            f'match texts with frames are {", ".join(CONFIGS)}. Pass one of '
            'these, or a config that has it as a backbone.'
        )
    options = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    vision = getattr(options, 'vision_config', options)
    text = getattr(options, 'text_config', options)
    if kind == 'blip-2':  # whose text_config is that of a language model
        text = options.qformer_config
    positions = text_positions(text)
    length = min(positions, _LENGTHS.get(kind, positions))
    config = load_config(
        CONFIGS[kind],
        dict(
            pretrained=folder, img_size=vision.image_size, max_txt_len=length
        ),
    )
    width = vision.hidden_size
    if kind == 'bridgetower':  # states of several layers
        width *= options.num_hidden_layers
    config.model.neck.out_channels = width
    config.model.data_preprocessor.update(_colours(folder))
    if _ANSWERING in (options.architectures or ()):
        config.model.head.use = 'answering'
        config.model.task = dict(
            type='OpenEndedQATask', vocabulary=_answers(options)
        )
    return config


def _answers(options: PretrainedConfig) -> list[str]:
    """Return the answers of a model in the order of their labels."""
    labels: Any = options.id2label
    return [labels[label] for label in sorted(labels)]


def _colours(folder: str) -> dict[str, list[float]]:
    """Return mean and deviation of the model's image processor."""
    options = _read_object(osp.join(folder, 'preprocessor_config.json'))
    colours = {}
    for ours, theirs in (('mean', 'image_mean'), ('std', 'image_std')):
        values = options.get(theirs)
        if isinstance(values, list) and len(values) == 3:
            colours[ours] = [255.0 * value for value in values]
    return colours


def _read_object(path: str) -> dict[str, Any]:
    """Return the members of a JSON file; none if it is no such file."""
    file = Path(path)
    if not file.is_file() or file.stat().st_size > _MOST_BYTES:
        return {}
    try:
        content = decode_all(file.read_text(encoding='utf-8'))
    except (StrictJSONError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, dict) else {}
