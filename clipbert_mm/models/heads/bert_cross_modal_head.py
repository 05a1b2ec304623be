# Copyright (c) clipbert_mm contributors.
"""One BERT over text and grid tokens, for every (text, clip) pair."""
from typing import NamedTuple, Optional, Union, cast

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from ...datasets.tokenizer import load_tokenizer
from .grid_embedding import GridEmbedding

CLASSIFIERS = ('mlp', 'linear')


class HeadOutput(NamedTuple):
    """What the head computes for N videos, M texts and C clips each."""

    clip_logits: Tensor  # (N, M, C, K), unnormalised
    text_states: Tensor  # (N, M, C, L, D), last layer at the text tokens


def build_bert(bert: Union[str, dict], with_cp: bool) -> BertModel:
    """Build BERT from a configuration, or load it from a folder or the hub.

    Args:
        bert (str | dict): Folder or hub name of a BERT checkpoint, or the
            arguments of ``transformers.BertConfig`` for random weights.
        with_cp (bool): Recompute the layers in the backward pass.

    Returns:
        BertModel: With its pooler.

    Raises:
        OSError: If the checkpoint cannot be found; says what to pass.
    """
    if isinstance(bert, str):
        try:
            # In float32, whatever the precision of the file.
            model = BertModel.from_pretrained(bert).float()
        except OSError as error:
            raise OSError(
                f"Cannot load BERT from '{bert}': {error}. Without a network "
                'set head.bert to a folder that holds config.json and the '
                'weights of a Hugging Face BERT, or to a dict of BertConfig '
                'arguments for random weights.') from error
    else:
        model = BertModel(BertConfig(**bert))
    if with_cp:
        model.gradient_checkpointing_enable(dict(use_reentrant=False))
    return model


@MODELS.register_module()
class BertCrossModalHead(BaseModule):
    """Cross-modal BERT: the logits of every (text, clip) pair of a video.

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
        tokenizer (str, optional): If given, its vocabulary must have the
            size of BERT's word embeddings. Defaults to None.
        max_grid_size (int): Rows and columns of a grid at most.
            Defaults to 100.
        num_sampled_cells (int, optional): Grid cells drawn in training.
            Defaults to None: all.
        frozen (bool): Train nothing but the classifier: BERT's embeddings,
            layers and pooler and the grid embedding are fixed. Defaults to
            False.
        frozen_text (bool): Do not train BERT's text embeddings (word,
            position, token type and their LayerNorm), :math:`F_l` of
            Table 6. Dropout stays. Defaults to False.
        with_cp (bool): Recompute each layer in the backward pass instead of
            storing its activations. Defaults to False.
        init_cfg (dict, optional): MMEngine's initialiser. Defaults to None.

    Raises:
        ValueError: If ``classifier`` is unknown, ``num_classes`` or
            ``num_sampled_cells`` is not positive, or the vocabularies differ.
        OSError: If BERT or the tokenizer cannot be found.

    Shape:
        - grid: ``(N, num_clips, Hg, Wg, D)``
        - input_ids, attention_mask: ``(N, num_texts, L)``, or
          ``(1, num_texts, L)`` for texts that all videos share
        - clip_logits: ``(N, num_texts, num_clips, K)``

    Example:
        >>> head = BertCrossModalHead(dict(num_hidden_layers=1))
        >>> ids = torch.ones(1, 3, 5, dtype=torch.long)
        >>> head(torch.zeros(1, 8, 7, 7, 768), ids, ids).clip_logits.shape
        torch.Size([1, 3, 8, 2])
    """

    def __init__(self,
                 bert: Union[str, dict] = 'bert-base-uncased',
                 num_classes: int = 2,
                 classifier: str = 'mlp',
                 tokenizer: Optional[str] = None,
                 max_grid_size: int = 100,
                 num_sampled_cells: Optional[int] = None,
                 frozen: bool = False,
                 frozen_text: bool = False,
                 with_cp: bool = False,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        if classifier not in CLASSIFIERS:
            raise ValueError(f"Unknown classifier '{classifier}'. Valid "
                             f'classifiers are {list(CLASSIFIERS)}.')
        if num_classes < 1:
            raise ValueError(
                f'num_classes must be at least 1, but got {num_classes}.')
        model = build_bert(bert, with_cp)
        config = model.config
        if tokenizer is not None:
            check_vocabulary(tokenizer, config.vocab_size)
        self.config = config
        self.hidden_size = config.hidden_size
        self.num_classes = num_classes
        # Only the children: BertModel.init_weights would reset them when
        # MMEngine initialises the model.
        self.bert = nn.ModuleDict(
            dict(
                embeddings=model.embeddings,
                encoder=model.encoder,
                pooler=cast(nn.Module, model.pooler)))
        self.grid_embedding = GridEmbedding(
            config.hidden_size, max_grid_size, num_sampled_cells,
            config.hidden_dropout_prob, config.layer_norm_eps,
            config.initializer_range)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = build_classifier(classifier, config.hidden_size,
                                           num_classes,
                                           config.initializer_range)
        if frozen:
            self.bert.requires_grad_(False)
            self.grid_embedding.requires_grad_(False)
        if frozen_text:
            self.bert['embeddings'].requires_grad_(False)

    @property
    def word_embeddings(self) -> Tensor:
        """BERT's word embeddings, ``(vocabulary, D)``."""
        embeddings = cast(nn.Embedding,
                          self.bert['embeddings'].word_embeddings)
        return embeddings.weight

    def forward(self, grid: Tensor, input_ids: Tensor,
                attention_mask: Tensor) -> HeadOutput:
        """Logits of every (text, clip) pair of each video.

        Args:
            grid (Tensor): ``(N, num_clips, Hg, Wg, D)``.
            input_ids (Tensor): ``(N or 1, num_texts, L)``.
            attention_mask (Tensor): Same shape, 1 at real tokens.

        Returns:
            HeadOutput: Clip logits and the text states.
        """
        states, text_len = self.encode(grid, input_ids, attention_mask)
        num_videos, num_clips = grid.shape[:2]
        pairs = (num_videos, input_ids.shape[1], num_clips)
        pooled = self.bert['pooler'](states)
        clip_logits = self.classifier(self.dropout(pooled))
        return HeadOutput(
            clip_logits.unflatten(0, pairs),
            states[:, :text_len].unflatten(0, pairs))

    def encode(self, grid: Tensor, input_ids: Tensor,
               attention_mask: Tensor) -> tuple[Tensor, int]:
        """Last hidden states of ``[text tokens; grid tokens]``.

        Returns:
            tuple[Tensor, int]: ``(N * num_texts * num_clips, L + V, D)``, and
            L.
        """
        visual = self.grid_embedding(grid)  # (N, C, V, D)
        num_videos, num_clips, num_cells, width = visual.shape
        shared, num_texts, text_len = input_ids.shape
        text = self.bert['embeddings'](input_ids.flatten(0, 1))
        text = text.view(shared, num_texts, 1, text_len, width)
        pairs = (num_videos, num_texts, num_clips)
        states = torch.cat([
            text.expand(*pairs, text_len, width),
            visual[:, None].expand(*pairs, num_cells, width)
        ], -2).flatten(0, 2)  # (N * M * C, L + V, D)
        mask = torch.cat([
            attention_mask[:, :, None].expand(*pairs, text_len),
            attention_mask.new_ones(1).expand(*pairs, num_cells)
        ], -1).flatten(0, 2)
        states = self.bert['encoder'](
            states, attention_mask=additive_mask(mask, states.dtype))[0]
        return states, text_len


def additive_mask(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """0 where ``mask`` is 1, the smallest number where it is 0.

    Additive, because Hugging Face's eager attention reads a boolean mask
    wrongly and without a word.

    Args:
        mask (Tensor): ``(B, S)``, 1 at tokens to attend to.
        dtype (torch.dtype): Of the hidden states.

    Returns:
        Tensor: ``(B, 1, 1, S)``.
    """
    hidden = (mask == 0)[:, None, None]
    return torch.zeros_like(
        hidden, dtype=dtype).masked_fill(hidden,
                                         torch.finfo(dtype).min)


def build_classifier(kind: str, hidden_size: int, num_classes: int,
                     initializer_range: float) -> nn.Module:
    """The layers behind the pooled ``[CLS]``, initialised as BERT's.

    Args:
        kind (str): ``'mlp'`` or ``'linear'``.
        hidden_size (int): D.
        num_classes (int): K.
        initializer_range (float): Standard deviation of the weights.

    Returns:
        nn.Module: ``(..., D)`` to ``(..., K)``.
    """
    layers: nn.Module
    if kind == 'linear':
        layers = nn.Linear(hidden_size, num_classes)
    else:
        layers = nn.Sequential(
            nn.Linear(hidden_size, 2 * hidden_size), nn.ReLU(inplace=True),
            nn.Linear(2 * hidden_size, num_classes))
    for module in layers.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=initializer_range)
            nn.init.zeros_(module.bias)
    return layers


def check_vocabulary(tokenizer: str, vocab_size: int) -> None:
    """Raise unless the tokenizer's vocabulary has ``vocab_size`` words.

    Args:
        tokenizer (str): Folder or hub name of the tokenizer.
        vocab_size (int): Rows of BERT's word embeddings.

    Raises:
        ValueError: If they differ.
    """
    num_words = len(load_tokenizer(tokenizer))
    if num_words != vocab_size:
        raise ValueError(
            f"The tokenizer '{tokenizer}' has {num_words} words, but BERT "
            f'has embeddings for {vocab_size}. Use the tokenizer that the '
            'weights were trained with, or set vocab_size of head.bert.')
