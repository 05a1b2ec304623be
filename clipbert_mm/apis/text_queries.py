# Copyright (c) clipbert_mm contributors.
"""Check texts, and find out how much of them a model understands."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from transformers import BertTokenizerFast  # type: ignore[attr-defined]

from clipbert_mm.datasets.transforms import BertTokenize
from clipbert_mm.utils.warning import warn_caller

_SHOWN_WORDS = 5


class KnownWords(NamedTuple):
    """Words of a text, by whether the vocabulary knows them.

    Args:
        known (list[str]): Words without an unknown piece.
        unknown (list[str]): The other words.
    """

    known: list[str]
    unknown: list[str]


def text_list(name: str, texts: Any, may_be_empty: bool = False) -> list[str]:
    """Return texts as a list; a single text becomes a list of one.

    Args:
        name (str): Name of the argument, for the message.
        texts (Any): A text, or an iterable of texts.
        may_be_empty (bool): Allow empty texts. Defaults to False.

    Returns:
        list[str]: The texts.

    Raises:
        TypeError: If something is not a text.
        ValueError: If there is no text, or one is empty.

    Example:
        >>> text_list('texts', 'a dog')
        ['a dog']
    """
    if isinstance(texts, str):
        texts = [texts]
    if isinstance(texts, (bytes, dict)) or not isinstance(texts, Iterable):
        raise TypeError(
            f'{name} must be a string or a list of strings, but got '
            f'{texts!r:.80} ({type(texts).__name__}).'
        )
    found = list(texts)
    if not found:
        raise ValueError(f'{name} must hold at least one text, but is empty.')
    for position, text in enumerate(found):
        if not isinstance(text, str):
            raise TypeError(
                f'{name}[{position}] must be a string, but got {text!r:.80} '
                f'({type(text).__name__}).'
            )
        if not (may_be_empty or text.strip()):
            raise ValueError(
                f'{name}[{position}] must not be empty, but is {text!r}.'
            )
        _check_encoding(f'{name}[{position}]', text)
    return found


def _check_encoding(name: str, text: str) -> None:
    """Raise if a text holds half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f'{name} must be valid Unicode, but holds a lone surrogate: '
            f"{text!a:.80}. Decode its bytes with errors='replace'."
        ) from error


def one_text(name: str, text: Any) -> str:
    """Return a single text.

    Args:
        name (str): Name of the argument, for the message.
        text (Any): The text.

    Returns:
        str: The text, not empty.

    Raises:
        TypeError: If it is not a string.
        ValueError: If it is empty.

    Example:
        >>> one_text('query', 'a dog')
        'a dog'
    """
    if not isinstance(text, str):
        raise TypeError(
            f'{name} must be one string, but got {text!r:.80} '
            f'({type(text).__name__}).'
        )
    return text_list(name, text)[0]


def known_words(tokenizer: BertTokenizerFast, text: str) -> KnownWords:
    """Divide the words of a text by whether the vocabulary knows them.

    A word is known if none of its pieces is the tokenizer's unknown token.
    A vocabulary that holds single letters, such as that of BERT, therefore
    knows nearly all words of its scripts.

    Args:
        tokenizer (BertTokenizerFast): Tokenizer of the model.
        text (str): The text.

    Returns:
        KnownWords: Words as the tokenizer separates them.

    Example:
        >>> known_words(tokenizer, 'a dog 🐕')  # doctest: +SKIP
        KnownWords(known=['a', 'dog'], unknown=['🐕'])
    """
    encoded = tokenizer(
        text,
        add_special_tokens=False,
        return_offsets_mapping=True,
        return_token_type_ids=False,
        return_attention_mask=False,
        verbose=False,
    )
    spans: dict[int, tuple[int, int]] = {}
    bad = set()
    for word, token, (start, end) in zip(
        encoded.word_ids(), encoded['input_ids'], encoded['offset_mapping']
    ):
        first, _ = spans.get(word, (start, end))
        spans[word] = (first, end)
        if token == tokenizer.unk_token_id:
            bad.add(word)
    words = {word: text[start:end] for word, (start, end) in spans.items()}
    return KnownWords(
        [word for key, word in words.items() if key not in bad],
        [word for key, word in words.items() if key in bad],
    )


def check_understood(tokenize: BertTokenize, texts: Sequence[str]) -> None:
    """Raise or warn if a model cannot understand texts.

    Args:
        tokenize (BertTokenize): Tokenisation of the model.
        texts (Sequence[str]): Texts of a call.

    Raises:
        ValueError: If the vocabulary knows no word of a text.

    Warns:
        UserWarning: If it knows less than half of the words, or a text is
            longer than the model reads.
    """
    for text in dict.fromkeys(texts):
        words = known_words(tokenize.tokenizer, text)
        total = len(words.known) + len(words.unknown)
        if not words.known:
            raise ValueError(
                f"The model's vocabulary knows none of the {total} words of "
                f'{text!r:.80}. Use words of its language and script.'
            )
        if len(words.known) < len(words.unknown):
            shown = ', '.join(words.unknown[:_SHOWN_WORDS])
            warn_caller(
                f"The model's vocabulary knows {len(words.known)} of the "
                f'{total} words of {text!r:.80}, but not: {shown}.'
            )
    longer = tokenize.count_longer(texts)
    if longer:
        warn_caller(
            f'{longer} of {len(texts)} texts are cut to the '
            f'{tokenize.max_txt_len} tokens that the model reads.'
        )
