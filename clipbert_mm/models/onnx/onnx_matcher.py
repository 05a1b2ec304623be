# Copyright (c) clipbert_mm contributors.
"""ClipBERT whose CNN and head run in ONNX Runtime, on a CPU."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from clipbert_mm.models.clipbert import ClipBERT, check_frames
from clipbert_mm.models.heads.bert_cross_modal_head import join_tokens
from clipbert_mm.utils.extras import import_extra

#: Tokens of a batch whose activations stay in the caches of a CPU.
TOKENS_AT_ONCE = 1024
#: Pixels of a batch, likewise, one clip at least.
PIXELS_AT_ONCE = 2**19


class OnnxMatcher:
    """Pair matcher of a ClipBERT and ONNX graphs of its parts.

    :class:`PairScorer`, :class:`GalleryRun` and the inferencer take it
    instead of the model. The model itself embeds texts and cells, so its
    features are those of any precision, but for the rounding of the CNN.

    Args:
        model (ClipBERT): Model in evaluation mode, on the CPU.
        head (bytes): Result of :func:`head_graph` for its head.
        grid (bytes | None): Result of :func:`grid_graph`. Defaults to None:
            backbone and neck run in PyTorch.

    Raises:
        ImportError: If ONNX Runtime is not installed.
        ValueError: If the model is on another device.

    Example:
        >>> matcher = OnnxMatcher(
        ...     model, head_graph(model.head, int8=True),
        ...     grid_graph(model))  # doctest: +SKIP
        >>> PairScorer(matcher, bank, 4096)  # doctest: +SKIP
    """

    def __init__(
        self, model: ClipBERT, head: bytes, grid: bytes | None = None
    ) -> None:
        device = next(model.parameters()).device
        if device.type != 'cpu':
            raise ValueError(
                f'ONNX Runtime runs on the CPU, but the model is on {device}. '
                "Pass device='cpu', or precision='bfloat16' on a GPU."
            )
        self.model = model
        self._head = open_session(head)
        self._grid = None if grid is None else open_session(grid)

    @property
    def training(self) -> bool:
        """Whether the model is in training mode."""
        return self.model.training

    @property
    def num_classes(self) -> int:
        """K, the logits of a pair."""
        return self.model.num_classes

    @property
    def token_budget(self) -> int:
        """Maximum number of tokens of a batch."""
        return self.model.token_budget

    @property
    def data_preprocessor(self) -> Callable[..., dict]:
        """Data preprocessor of the model."""
        return self.model.data_preprocessor

    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights of the model, in single precision."""
        return self.model.state_dict()

    def encode_clips(self, frames: Tensor) -> Tensor:
        """Return visual tokens, see :meth:`ClipBERT.encode_clips`."""
        if self._grid is None:
            return self.model.encode_clips(frames)
        check_frames(frames)
        stride = self.model.backbone.stride
        self.model.neck.check_map(
            *(-(-side // stride) for side in frames.shape[-2:])
        )
        clips = frames.flatten(0, 1)
        at_once = max(1, PIXELS_AT_ONCE // clips[0, 0].numel())
        grids = [
            _run(self._grid, 'grid', frames=part.numpy())
            for part in clips.split(at_once)
        ]
        grid = torch.cat(grids).unflatten(0, frames.shape[:2])
        return self.model.head.grid_embedding(grid)

    def embed_texts(self, input_ids: Tensor) -> Tensor:
        """Return text tokens, see :meth:`ClipBERT.embed_texts`."""
        return self.model.embed_texts(input_ids)

    def match_scores(self, clip_logits: Tensor) -> Tensor:
        """Return match scores, see :meth:`ClipBERT.match_scores`."""
        return self.model.match_scores(clip_logits)

    def match(
        self, text: Tensor, text_mask: Tensor | None, visual: Tensor
    ) -> Tensor:
        """Return the clip logits of all pairs.

        Args:
            text (Tensor): Text tokens, ``(N or 1, M, L, D)``.
            text_mask (Tensor | None): Boolean ``(N or 1, M, L)``, True at real
                tokens; None if all are.
            visual (Tensor): Visual tokens, ``(N, C, V, D)``.

        Returns:
            Tensor: ``(N, M, C, K)``.
        """
        tokens, mask = join_tokens(text, text_mask, visual)
        if mask is None:
            kept = np.ones(tokens.shape[:2], bool)
        else:
            kept = mask[:, 0, 0].numpy()
        at_once = max(1, TOKENS_AT_ONCE // tokens.shape[1])
        logits = [
            _run(
                self._head,
                'logits',
                tokens=tokens[start : start + at_once].numpy(),
                mask=kept[start : start + at_once],
            )
            for start in range(0, len(tokens), at_once)
        ]
        pairs = (visual.shape[0], text.shape[1], visual.shape[1])
        return torch.cat(logits).unflatten(0, pairs)


def _run(session: Any, output: str, **inputs: np.ndarray) -> Tensor:
    return torch.from_numpy(session.run([output], inputs)[0])


def open_session(graph: bytes) -> Any:
    """Load an ONNX model for as many threads as PyTorch uses.

    Args:
        graph (bytes): ONNX model.

    Returns:
        Any: ``onnxruntime.InferenceSession``.

    Raises:
        ImportError: If ONNX Runtime is not installed.
    """
    runtime = import_extra('onnxruntime', 'onnx')
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return runtime.InferenceSession(
        graph, options, providers=['CPUExecutionProvider']
    )
