# Copyright (c) clipbert_mm contributors.
"""Student of a cross-encoder: clips and texts as vectors of one space."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: Numbers of the vector of a clip or a text.
VECTOR_WIDTH = 64

_HIDDEN = 128
_HEADS = 8
# Scale of cosines before training: they become logits of candidates.
_LOG_SCALE = 2.5


class AttentionPool(nn.Module):
    """Vector of a set of tokens: means of them, weighted by attention.

    Args:
        width (int): Numbers of a token.

    Shape:
        - tokens: ``(B, S, width)``
        - mask: boolean ``(B, S)``, True at real tokens; None if all are
        - return: ``(B, VECTOR_WIDTH)``, of length 1

    Example:
        >>> AttentionPool(8)(torch.zeros(3, 5, 8)).shape
        torch.Size([3, 64])
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.weigh = nn.Linear(width, _HEADS)
        values = torch.empty(_HEADS, width, 2 * _HIDDEN // _HEADS)
        self.values = nn.Parameter(nn.init.normal_(values, std=width**-0.5))
        self.project = nn.Sequential(
            nn.Linear(2 * _HIDDEN, 2 * _HIDDEN),
            nn.GELU(),
            nn.Linear(2 * _HIDDEN, VECTOR_WIDTH),
        )

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the vectors of sets of tokens.

        Args:
            tokens (Tensor): float32 ``(B, S, width)``.
            mask (Tensor | None): Boolean ``(B, S)``. Defaults to None.

        Returns:
            Tensor: ``(B, VECTOR_WIDTH)``.
        """
        tokens = self.norm(tokens)
        weights = self.weigh(tokens)
        if mask is not None:
            weights = weights.masked_fill(~mask[..., None], float('-inf'))
        # The values of the means are the means of the values, and fewer.
        means = torch.einsum('bsh,bsw->bhw', weights.softmax(1), tokens)
        values = torch.einsum('bhw,hwd->bhd', means, self.values)
        return F.normalize(self.project(values.flatten(1)), dim=-1)


class Student(nn.Module):
    """Dual encoder over the stored tokens of clips, and a small text tower.

    A text and a clip meet in a cosine alone, so that the vectors of all clips
    are computed once.

    Args:
        words (Tensor): Word embeddings of the cross-encoder,
            ``(vocabulary, width)``. They are not trained, and not part of the
            state.
        width (int): D, numbers of a visual token.
        max_tokens (int): Maximum number of tokens of a text.

    Example:
        >>> student = Student(torch.zeros(30, 16), width=8, max_tokens=20)
        >>> ids = torch.tensor([[2, 7, 3]])
        >>> student.embed_texts(ids, ids > 0).shape
        torch.Size([1, 64])
    """

    words: Tensor

    def __init__(self, words: Tensor, width: int, max_tokens: int) -> None:
        super().__init__()
        self.register_buffer('words', words.detach(), persistent=False)
        self.clip_pool = AttentionPool(width)
        self.embed = nn.Linear(words.shape[1], _HIDDEN)
        self.positions = nn.Embedding(max_tokens, _HIDDEN)
        self.layer = nn.TransformerEncoderLayer(
            _HIDDEN,
            nhead=4,
            dim_feedforward=2 * _HIDDEN,
            dropout=0.0,
            activation='gelu',
            batch_first=True,
            norm_first=True,
        )
        self.text_pool = AttentionPool(_HIDDEN)
        self.log_scale = nn.Parameter(torch.tensor(_LOG_SCALE))

    def embed_clips(self, tokens: Tensor) -> Tensor:
        """Return the vectors of clips.

        Args:
            tokens (Tensor): Visual tokens, float32 ``(B, V, D)``.

        Returns:
            Tensor: ``(B, VECTOR_WIDTH)``, of length 1.
        """
        return self.clip_pool(tokens)

    def embed_videos(self, tokens: Tensor) -> Tensor:
        """Return the vectors of the clips of videos.

        Args:
            tokens (Tensor): Visual tokens, float32 ``(N, C, V, D)``.

        Returns:
            Tensor: ``(N, C, VECTOR_WIDTH)``, of length 1.
        """
        vectors = self.embed_clips(tokens.flatten(0, 1))
        return vectors.unflatten(0, tokens.shape[:2])

    def embed_texts(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """Return the vectors of texts.

        Args:
            input_ids (Tensor): int64 ``(M, L)``.
            mask (Tensor): Boolean ``(M, L)``, True at real tokens.

        Returns:
            Tensor: ``(M, VECTOR_WIDTH)``, of length 1.
        """
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        states = self.embed(self.words[input_ids]) + self.positions(places)
        states = self.layer(states, src_key_padding_mask=~mask)
        return self.text_pool(states, mask)

    def logits(self, texts: Tensor, clips: Tensor) -> Tensor:
        """Return how well texts fit videos, by their best clips.

        Args:
            texts (Tensor): Vectors of M texts, ``(M, VECTOR_WIDTH)``.
            clips (Tensor): Vectors of the clips of N videos,
                ``(N, C, VECTOR_WIDTH)``.

        Returns:
            Tensor: ``(M, N)``, for a softmax over videos.
        """
        cosines = torch.einsum('md,ncd->mnc', texts, clips).amax(-1)
        return self.log_scale.exp() * cosines


def listwise_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Return how far a ranking of candidates is from another.

    Both become distributions over the candidates of a text, and the loss is
    the mean of their Kullback-Leibler divergences.

    Args:
        scores (Tensor): Logits of the student, ``(M, K)``.
        targets (Tensor): Logits of the teacher, ``(M, K)``.

    Returns:
        Tensor: Scalar, 0 where both distributions are the same.

    Example:
        >>> targets = torch.tensor([[1.0, 2.0]])
        >>> listwise_loss(targets + 3, targets)
        tensor(0.)
    """
    return F.kl_div(
        scores.log_softmax(-1),
        targets.log_softmax(-1),
        reduction='batchmean',
        log_target=True,
    )
