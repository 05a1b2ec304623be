# Copyright (c) clipbert_mm contributors.
"""Reference numbers of the original ClipBERT, and its weights and pixels.

The files in ``data/reference`` hold outputs of the authors' code at a118b02
on fixed weights and inputs. They store only numbers, names and settings:
:func:`fill` draws the weights from their names and shapes, and
:func:`pixels` the pixels from a seed. See ``data/reference/README.md``.
"""

import functools
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

DATA_DIR = Path(__file__).parents[1] / 'data' / 'reference'

# Pixel mean in RGB order; the standard deviation is 1.
MEAN = np.array([123.675, 116.28, 103.53], np.float32)

# Twin of each tied tensor.
ALIASES = {
    'transformer.cls.predictions.decoder.weight': (
        'transformer.bert.embeddings.word_embeddings.weight'
    ),
    'transformer.cls.predictions.decoder.bias': (
        'transformer.cls.predictions.bias'
    ),
}


@functools.cache
def load_json() -> dict[str, Any]:
    """Return the names, shapes, settings and gradients of the reference."""
    path = DATA_DIR / 'clipbert_reference.json'
    return json.loads(path.read_text(encoding='utf-8'))


@functools.cache
def load_arrays() -> dict[str, np.ndarray]:
    """Return all stored arrays by name; ``<case>/in_*`` are inputs."""
    with np.load(DATA_DIR / 'clipbert_reference.npz') as arrays:
        return {name: arrays[name] for name in arrays.files}


def array(name: str) -> np.ndarray:
    """Return one stored array."""
    return load_arrays()[name]


def tensor(name: str) -> torch.Tensor:
    """Return one stored array as a tensor, with integers as int64."""
    value = torch.from_numpy(np.array(array(name)))
    return value if value.is_floating_point() else value.long()


def fill(
    name: str, shape: tuple[int, ...], gain: float = 1.0
) -> np.ndarray | None:
    """Draw the weight that the reference run used for one tensor.

    The first rule that matches the original name sets the scale. Draws are
    float64 and converted to float32 at the end.

    Args:
        name (str): Full name in the original model.
        shape (tuple[int, ...]): Shape of the tensor.
        gain (float): Factor of linear and embedding weights of the
            transformer. Defaults to 1.0.

    Returns:
        np.ndarray | None: Values in float32, or None for the anchors of the
        detector, which have no effect.
    """
    if '.anchor_generator.cell_anchors' in name:
        return None
    draw = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(
        shape
    )
    if name.endswith('running_mean'):
        value = 0.02 * draw
    elif name.endswith('running_var'):
        value = 1.0 + np.abs(0.1 * draw)
    elif name.endswith(('norm.weight', 'LayerNorm.weight')):
        value = 1.0 + 0.02 * draw
    elif name.endswith('bias'):
        value = 0.02 * draw
    elif len(shape) == 4:
        fan_in = shape[1] * shape[2] * shape[3]
        value = draw * (0.7 * np.sqrt(2.0 / fan_in))
        if name.startswith('cnn.grid_encoder.'):
            value = value * 0.02
    else:
        value = draw * (
            0.02 * (gain if name.startswith('transformer.') else 1.0)
        )
    return value.astype(np.float32)


@functools.lru_cache(maxsize=4)
def _common_state(gain: float, detector: bool) -> dict[str, torch.Tensor]:
    """Draw the tensors that all small models have in common."""
    shapes = load_json()['state_dict_small']['common']
    return {
        name: _value(name, shape, gain, detector)
        for name, shape in shapes.items()
    }


def _value(
    name: str, shape: list[int], gain: float, detector: bool
) -> torch.Tensor:
    """Draw one tensor, or return zeros without memory for an unused one."""
    unused = name.startswith(
        ('cnn.feature.proposal_generator.', 'cnn.feature.roi_heads.')
    )
    value = fill(name, tuple(shape), gain) if detector or not unused else None
    if value is None:
        return torch.zeros(1).expand(shape)
    return torch.from_numpy(value)


def official_state_dict(
    model: str, gain: float = 6.0, detector: bool = False
) -> dict[str, torch.Tensor]:
    """Make the state dict of a small model under its original names.

    Args:
        model (str): Name of the model: ``'ret_ce'``, ``'ret_rank'``,
            ``'qa_open'``, ``'vqa_bce'``, ``'mc5'`` or ``'pretrain'``.
        gain (float): See :func:`fill`. Defaults to 6.0.
        detector (bool): Draw the 50 million values of the unused detector
            too, instead of zeros. Defaults to False.

    Returns:
        dict[str, torch.Tensor]: Tensors by name.
    """
    state = dict(_common_state(gain, detector))
    extras = load_json()['state_dict_small']['extras'][model]
    for name, shape in extras.items():
        # Aliases come after the tensors that they share.
        state[name] = (
            state[ALIASES[name]]
            if name in ALIASES
            else _value(name, shape, gain, detector)
        )
    return state


def full_size_shapes(model: str) -> dict[str, tuple[int, ...]]:
    """Return names and shapes of an official checkpoint of full size."""
    full = load_json()['state_dict_full_size']
    shapes = {**full['common'], **full['extras'][model]}
    return {name: tuple(shape) for name, shape in shapes.items()}


def pixels(
    seed: int,
    batch: int,
    frames: int,
    height: int,
    width: int,
    block: int = 16,
) -> np.ndarray:
    """Draw frames of random colour blocks plus noise in ``[0, 31)``.

    Args:
        seed (int): Seed of the draws.
        batch (int): Number of videos.
        frames (int): Frames per video.
        height (int): Height of the frames.
        width (int): Width of the frames.
        block (int): Side of the blocks in pixels. Defaults to 16.

    Returns:
        np.ndarray: RGB frames ``(batch, frames, 3, height, width)`` in uint8.
    """
    rng = np.random.default_rng(seed)
    rows, cols = -(-height // block), -(-width // block)
    value = rng.integers(0, 225, (batch, frames, 3, rows, cols))
    value = value.repeat(block, axis=-2).repeat(block, axis=-1)
    value = value[..., :height, :width]
    return (value + rng.integers(0, 31, value.shape)).astype(np.uint8)
