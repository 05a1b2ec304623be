# Copyright (c) clipbert_mm contributors.
"""Cross-modal head: one BERT over text and grid tokens of every pair."""

from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from clipbert_mm.datasets.tokenizer import load_tokenizer
from clipbert_mm.models.bert_loading import build_bert
from clipbert_mm.models.layers.bert_layer import run_bert_layer
from clipbert_mm.models.layers.grid_embedding import GridEmbedding
from clipbert_mm.utils.checks import check_bool, check_choice, check_integer

CLASSIFIERS = ('mlp', 'linear')


class HeadOutput(NamedTuple):
    """Output of the head for N videos with M texts and C clips each."""

    clip_logits: Tensor  # (N, M, C, K), unnormalised
    # (N, M, C, L, D), last layer at the text tokens; None when not needed
    text_states: Tensor | None


@MODELS.register_module()
class BertCrossModalHead(BaseModule):
    """Cross-modal BERT that returns the logits of every (text, clip) pair.

    :math:`H` of `ClipBERT <https://arxiv.org/abs/2102.06183>`_, section
    "Model Architecture" (``ClipBertBaseModel`` of the reference at a118b02).
    The sequence is ``[text tokens; grid tokens]``; the pooled ``[CLS]`` goes
    through dropout and a classifier. The weights live in Hugging Face's BERT
    modules, so any BERT checkpoint loads.

    Args:
        bert (str | dict): Folder or hub name of a Hugging Face BERT, or
            arguments of ``BertConfig`` for random weights. Defaults to
            ``'bert-base-uncased'``.
        num_classes (int): :math:`K`. Defaults to 2.
        classifier (str): ``'mlp'``, the two layers of the downstream tasks,
            or ``'linear'``, the single layer of the reference's pretraining.
            Defaults to ``'mlp'``.
        tokenizer (str | None): If given, its vocabulary must have the size of
            BERT's word embeddings. Defaults to None.
        max_grid_size (int): Maximum number of rows and columns of a grid.
            Defaults to 100.
        num_sampled_cells (int | None): Number of grid cells drawn in training.
            Defaults to None: all.
        frozen (bool): Train only the classifier: BERT's embeddings, layers
            and pooler and the grid embedding are fixed. Defaults to False.
        frozen_text (bool): Do not train BERT's text embeddings (word,
            position, token type and their LayerNorm), :math:`F_l` of
            Table 6. Dropout stays. Defaults to False.
        with_cp (bool): Recompute each layer in the backward pass instead of
            storing its activations. Defaults to False.
        init_cfg (dict | None): MMEngine's initialiser. Defaults to None.

    Raises:
        ValueError: If ``classifier`` is unknown, ``num_classes`` or
            ``num_sampled_cells`` is not positive, the vocabularies differ,
            or ``bert`` is of another architecture.
        OSError: If BERT or the tokenizer cannot be found.

    Shape:
        - grid: ``(N, C, Hg, Wg, D)``, or joined ``(N, C, T, Hg, Wg, D)``
        - input_ids, attention_mask: ``(N, M, L)``, or ``(1, M, L)`` for
          texts that all videos share
        - clip_logits: ``(N, M, C, K)``

    Example:
        >>> head = BertCrossModalHead(dict(num_hidden_layers=1))
        >>> ids = torch.ones(1, 3, 5, dtype=torch.long)
        >>> head(torch.zeros(1, 8, 7, 7, 768), ids, ids).clip_logits.shape
        torch.Size([1, 3, 8, 2])
    """

    def __init__(
        self,
        bert: str | dict = 'bert-base-uncased',
        num_classes: int = 2,
        classifier: str = 'mlp',
        tokenizer: str | None = None,
        max_grid_size: int = 100,
        num_sampled_cells: int | None = None,
        frozen: bool = False,
        frozen_text: bool = False,
        with_cp: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        check_choice('classifier', classifier, CLASSIFIERS)
        check_integer('num_classes', num_classes, 1)
        check_bool('frozen', frozen)
        check_bool('frozen_text', frozen_text)
        check_bool('with_cp', with_cp)
        model = build_bert(bert)
        config = model.config
        if tokenizer is not None:
            check_vocabulary(tokenizer, config.vocab_size)
        self.config = config
        self.with_cp = with_cp
        self.hidden_size = config.hidden_size
        self.num_classes = num_classes
        # Only the children: BertModel.init_weights would reset them when
        # MMEngine initialises the model.
        self.bert = nn.ModuleDict(
            dict(
                embeddings=model.embeddings,
                encoder=model.encoder,
                pooler=cast(nn.Module, model.pooler),
            )
        )
        self.grid_embedding = GridEmbedding(
            config.hidden_size,
            max_grid_size,
            num_sampled_cells,
            config.hidden_dropout_prob,
            config.layer_norm_eps,
            config.initializer_range,
        )
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = build_classifier(
            classifier,
            config.hidden_size,
            num_classes,
            config.initializer_range,
        )
        if frozen:
            self.bert.requires_grad_(False)
            self.grid_embedding.requires_grad_(False)
        if frozen_text:
            self.bert['embeddings'].requires_grad_(False)

    @property
    def word_embeddings(self) -> Tensor:
        """BERT's word embeddings, ``(vocabulary, D)``."""
        embeddings = cast(
            nn.Embedding, self.bert['embeddings'].word_embeddings
        )
        return embeddings.weight

    def forward(
        self,
        grid: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        needs_text_states: bool = False,
    ) -> HeadOutput:
        """Return the logits of every (text, clip) pair of each video.

        Args:
            grid (Tensor): ``(N, C, Hg, Wg, D)``.
            input_ids (Tensor): int64 ``(N or 1, M, L)``.
            attention_mask (Tensor): ``(N or 1, M, L)``, 1 at real tokens.
            needs_text_states (bool): Compute the text states too; else the
                last layer is computed at ``[CLS]`` alone. Defaults to False.

        Returns:
            HeadOutput: Clip logits, and text states if needed.
        """
        return self.match(
            self.embed_texts(input_ids),
            attention_mask.bool(),
            self.grid_embedding(grid),
            needs_text_states,
        )

    def embed_texts(self, input_ids: Tensor) -> Tensor:
        """Return text tokens as they enter the first layer.

        Args:
            input_ids (Tensor): int64 ``(N or 1, M, L)``.

        Returns:
            Tensor: ``(N or 1, M, L, D)``.

        Raises:
            ValueError: If L exceeds the positions of BERT.
        """
        length = input_ids.shape[-1]
        if length > self.config.max_position_embeddings:
            raise ValueError(
                'Texts must have at most '
                f'{self.config.max_position_embeddings} tokens, the positions '
                f'of BERT, but got {length}. Lower max_txt_len.'
            )
        tokens = self.bert['embeddings'](input_ids.flatten(0, 1))
        return tokens.unflatten(0, input_ids.shape[:2])

    def match(
        self,
        text: Tensor,
        text_mask: Tensor | None,
        visual: Tensor,
        needs_text_states: bool = False,
    ) -> HeadOutput:
        """Return the logits of every pair of embedded texts and clips.

        Args:
            text (Tensor): Result of :meth:`embed_texts`,
                ``(N or 1, M, L, D)``.
            text_mask (Tensor | None): Boolean ``(N or 1, M, L)``, True at real
                tokens; None if all are, which is faster.
            visual (Tensor): Result of ``grid_embedding``, ``(N, C, V, D)``.
            needs_text_states (bool): Compute the text states too, as in
                :meth:`forward`. Defaults to False.

        Returns:
            HeadOutput: Clip logits, and text states if needed.
        """
        tokens, mask = join_tokens(text, text_mask, visual)
        pairs = (visual.shape[0], text.shape[1], visual.shape[1])
        states = self.encode(
            tokens, mask, text.shape[2] if needs_text_states else 1
        )
        pooled = self.bert['pooler'](states)
        return HeadOutput(
            self.classifier(self.dropout(pooled)).unflatten(0, pairs),
            states.unflatten(0, pairs) if needs_text_states else None,
        )

    def encode(
        self,
        tokens: Tensor,
        mask: Tensor | None = None,
        num_outputs: int | None = None,
    ) -> Tensor:
        """Run BERT's layers.

        Args:
            tokens (Tensor): Embedded tokens, ``(B, S, D)``.
            mask (Tensor | None): Boolean ``(B, 1, 1, S)``, True at tokens to
                attend to. Defaults to None: all.
            num_outputs (int | None): Number of first tokens whose last states
                are computed. Defaults to None: all.

        Returns:
            Tensor: Last states, ``(B, num_outputs or S, D)``.
        """
        layers = cast(nn.ModuleList, self.bert['encoder'].layer)
        for i, layer in enumerate(layers):
            wanted = num_outputs if i == len(layers) - 1 else None
            if self.with_cp and torch.is_grad_enabled():
                tokens = checkpoint(
                    run_bert_layer,
                    layer,
                    tokens,
                    mask,
                    wanted,
                    use_reentrant=False,
                )
            else:
                tokens = run_bert_layer(layer, tokens, mask, wanted)
        return tokens


def check_bert_head(head: nn.Module, purpose: str) -> None:
    """Raise unless a head is the cross-modal BERT.

    Args:
        head (nn.Module): Head of a model.
        purpose (str): What needs its layers, for the message.

    Raises:
        ValueError: If it is another head.
    """
    if not isinstance(head, BertCrossModalHead):
        raise ValueError(
            f'{purpose} needs the layers of a BertCrossModalHead, but the '
            f'model has a {type(head).__name__}. Leave the option out.'
        )


def join_tokens(
    text: Tensor, text_mask: Tensor | None, visual: Tensor
) -> tuple[Tensor, Tensor | None]:
    """Join ``[text tokens; visual tokens]`` of all pairs, and their masks.

    Args:
        text (Tensor): ``(N or 1, M, L, D)``.
        text_mask (Tensor | None): Boolean ``(N or 1, M, L)``, True at real
            tokens.
        visual (Tensor): ``(N, C, V, D)``.

    Returns:
        tuple[Tensor, Tensor | None]: Sequences ``(N * M * C, L + V, D)`` and
        boolean mask ``(N * M * C, 1, 1, L + V)``, None without a text mask.
    """
    num_videos, num_clips, num_cells, width = visual.shape
    num_texts, text_len = text.shape[1:3]
    pairs = (num_videos, num_texts, num_clips)
    tokens = torch.cat(
        [
            text[:, :, None].expand(*pairs, text_len, width),
            visual[:, None].expand(*pairs, num_cells, width),
        ],
        -2,
    ).flatten(0, 2)
    if text_mask is None:
        return tokens, None
    mask = F.pad(text_mask, (0, num_cells), value=True)[:, :, None]
    mask = mask.expand(*pairs, text_len + num_cells)
    return tokens, mask.flatten(0, 2)[:, None, None]


def build_classifier(
    kind: str, hidden_size: int, num_classes: int, initializer_range: float
) -> nn.Module:
    """Build the layers after the pooled ``[CLS]``, initialised as BERT's.

    Args:
        kind (str): ``'mlp'`` or ``'linear'``.
        hidden_size (int): D.
        num_classes (int): K.
        initializer_range (float): Standard deviation of the weights.

    Returns:
        nn.Module: Layers from ``(..., D)`` to ``(..., K)``.
    """
    layers: nn.Module
    if kind == 'linear':
        layers = nn.Linear(hidden_size, num_classes)
    else:
        layers = nn.Sequential(
            nn.Linear(hidden_size, 2 * hidden_size),
            nn.ReLU(inplace=True),
            nn.Linear(2 * hidden_size, num_classes),
        )
    for module in layers.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=initializer_range)
            nn.init.zeros_(module.bias)
    return layers


def check_vocabulary(tokenizer: str, vocab_size: int) -> None:
    """Raise unless the tokenizer's vocabulary has ``vocab_size`` words.

    Args:
        tokenizer (str): Folder or hub name of the tokenizer.
        vocab_size (int): Number of BERT's word embeddings.

    Raises:
        ValueError: If the sizes differ.
    """
    num_words = len(load_tokenizer(tokenizer))
    if num_words != vocab_size:
        raise ValueError(
            f"The tokenizer '{tokenizer}' has {num_words} words, but BERT "
            f'has embeddings for {vocab_size}. Use the tokenizer that the '
            'weights were trained with, or set vocab_size of head.bert.'
        )
