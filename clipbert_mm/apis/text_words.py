# Copyright (c) clipbert_mm contributors.
"""Words of a text, with the tokens that a model reads of each."""

from typing import NamedTuple

from clipbert_mm.datasets.transforms import BertTokenize


class Word(NamedTuple):
    """A word of a text.

    Args:
        text (str): The word, as it is written.
        start (int): Position of its first character.
        end (int): Position behind its last character.
        tokens (tuple[int, ...]): Positions of its pieces among the tokens;
            ``[CLS]`` is 0.
    """

    text: str
    start: int
    end: int
    tokens: tuple[int, ...]


def text_words(tokenize: BertTokenize, text: str) -> list[Word]:
    """Join the pieces of a text into words.

    Args:
        tokenize (BertTokenize): Tokenisation of the model.
        text (str): The text.

    Returns:
        list[Word]: Words that the model reads, as the tokenizer separates
        them; what is cut is left out.

    Example:
        >>> text_words(tokenize, 'a dog')[1]  # doctest: +SKIP
        Word(text='dog', start=2, end=5, tokens=(2,))
    """
    encoded = tokenize.tokenizer(
        text,
        add_special_tokens=False,
        return_offsets_mapping=True,
        return_token_type_ids=False,
        return_attention_mask=False,
        verbose=False,
    )
    read = tokenize.max_txt_len - 2  # without [CLS] and [SEP]
    spans = [_bare(text, *span) for span in encoded['offset_mapping'][:read]]
    pieces: dict[tuple[int, int], list[int]] = {}
    for position, word in enumerate(encoded.word_ids()[:read]):
        # Some tokenizers, such as Gemma's, see a text as a single word.
        begun = len(text[: spans[position][1]].split())
        pieces.setdefault((word, begun), []).append(position)
    words = []
    for inds in pieces.values():
        start, end = spans[inds[0]][0], spans[inds[-1]][1]
        tokens = tuple(i + 1 for i in inds)
        if start < end:  # not only spaces, before the first word
            words.append(Word(text[start:end], start, end, tokens))
    return words


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of a piece without the spaces around it."""
    bare = text[start:end].strip()
    start = text.index(bare, start)
    return start, start + len(bare)


def leave_out(text: str, word: Word) -> str:
    """Return a text without one of its words.

    Args:
        text (str): The text.
        word (Word): The word.

    Returns:
        str: The rest; empty if there was no other word.

    Example:
        >>> leave_out('a red ring', Word('red', 2, 5, (2,)))
        'a ring'
    """
    before, after = text[: word.start].rstrip(), text[word.end :].lstrip()
    return f'{before} {after}'.strip()
