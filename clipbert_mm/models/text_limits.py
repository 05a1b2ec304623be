# Copyright (c) clipbert_mm contributors.
"""Checks that the texts of a tokenizer fit BERT's embeddings."""

from typing import Any

# Text models that count positions from that of the padding, as RoBERTa does.
_COUNT_FROM_PADDING = ('bridgetower_text_model', 'roberta')


def text_positions(config: Any) -> int:
    """Return the largest number of tokens that a text model has positions for.

    Args:
        config (Any): Configuration of the text model.

    Returns:
        int: Number of tokens.

    Example:
        >>> from types import SimpleNamespace
        >>> text_positions(SimpleNamespace(
        ...     model_type='roberta', max_position_embeddings=514,
        ...     pad_token_id=1))
        512
    """
    positions = config.max_position_embeddings
    if getattr(config, 'model_type', 'bert') in _COUNT_FROM_PADDING:
        positions -= config.pad_token_id + 1
    return positions


def check_text_limits(
    config: Any, max_txt_len: int, num_words: int, source: str
) -> None:
    """Raise unless BERT has a position and a word embedding for every token.

    Args:
        config (Any): ``BertConfig`` of the model.
        max_txt_len (int): Maximum number of tokens of a text.
        num_words (int): Number of words of the tokenizer.
        source (str): Place of the tokenizer, for the message.

    Raises:
        ValueError: If a text may be longer than BERT, or the vocabularies
            have different sizes.

    Example:
        >>> from types import SimpleNamespace
        >>> config = SimpleNamespace(max_position_embeddings=16, vocab_size=9)
        >>> check_text_limits(config, 20, 9, 'test_dataloader')
        Traceback (most recent call last):
        ValueError: test_dataloader has max_txt_len=20, but BERT has 16 \
positions (max_position_embeddings). Set max_txt_len to at most 16.
    """
    positions = text_positions(config)
    if max_txt_len > positions:
        raise ValueError(
            f'{source} has max_txt_len={max_txt_len}, but BERT has '
            f'{positions} positions (max_position_embeddings). Set '
            f'max_txt_len to at most {positions}.'
        )
    # The embeddings of other models have rows to spare.
    is_bert = getattr(config, 'model_type', 'bert') == 'bert'
    if num_words > config.vocab_size or (
        is_bert and num_words < config.vocab_size
    ):
        raise ValueError(
            f'The tokenizer of {source} has {num_words} words, but BERT has '
            f'embeddings for {config.vocab_size} (vocab_size). Use the '
            'tokenizer that the weights were trained with.'
        )
