# Copyright (c) clipbert_mm contributors.
"""BERT's masked-language head, its decoder tied to the word embeddings."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertPredictionHeadTransform


class MaskedLanguageHead(nn.Module):
    """Masked-language head: scores over the vocabulary for hidden states.

    ``BertLMPredictionHead`` of transformers holds its own decoder and ties it
    from outside. Here the word embeddings are an argument, so there is one
    tensor, one gradient and one entry in a checkpoint.

    Args:
        config (BertConfig): Configuration of BERT.

    Shape:
        - states: ``(..., D)``
        - word_embeddings: ``(vocabulary, D)``
        - return: ``(..., vocabulary)``

    Example:
        >>> head = MaskedLanguageHead(BertConfig(vocab_size=7))
        >>> head(torch.zeros(2, 768), torch.zeros(7, 768)).shape
        torch.Size([2, 7])
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.transform = BertPredictionHeadTransform(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        nn.init.normal_(
            self.transform.dense.weight, std=config.initializer_range
        )
        nn.init.zeros_(self.transform.dense.bias)

    def forward(self, states: Tensor, word_embeddings: Tensor) -> Tensor:
        """Transform the states and compare them with every word."""
        return F.linear(self.transform(states), word_embeddings, self.bias)
