# Copyright (c) clipbert_mm contributors.
"""Answers in the form that VQA's official evaluation compares.

As in the evaluation tool of the VQA challenge, punctuation and articles are
removed, number words become digits, and missing apostrophes are restored.
"""

import re

_MARKS = ';/[]"{}()=+\\_-><@`,?!'
_COMMA_IN_NUMBER = re.compile(r'\d,\d')
_POINT = re.compile(r'\.(?!\d)')

_ARTICLES = {'a', 'an', 'the'}
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        (
            'zero',
            'one',
            'two',
            'three',
            'four',
            'five',
            'six',
            'seven',
            'eight',
            'nine',
            'ten',
        )
    )
}
_NUMBERS['none'] = '0'

# Not every contraction is restored: "well" and "were" are words themselves.
_CONTRACTIONS = """
    ain't aren't can't could've couldn't couldn't've didn't doesn't don't
    hadn't hadn't've hasn't haven't he'd he'd've he's how'd how'll how's isn't
    it'd it'd've it'll ma'am might've mightn't mightn't've must've mustn't
    needn't not've o'clock oughtn't 'ow's'at shan't she'd've should've
    shouldn't shouldn't've somebody'd've somebody'll somebody's someone'd
    someone'd've someone'll someone's something'd something'd've something'll
    that's there'd there'd've there're there's they'd they'd've they'll
    they're they've 'twas wasn't we'd've we've weren't what'll what're what's
    what've when's where'd where's where've who'd who'd've who'll who's who've
    why'll why're why's won't would've wouldn't wouldn't've y'all y'all'd've
    y'all'll you'd you'd've you'll you're you've
""".split()
# Contractions by each spelling that lacks one of their apostrophes.
_RESTORED = {
    word[:i] + word[i + 1 :]: word
    for word in _CONTRACTIONS
    for i, letter in enumerate(word)
    if letter == "'"
}
_RESTORED["somebody'd"] = 'somebodyd'  # an oddity of the official table


def normalise(answer: str) -> str:
    """Return an answer in the form that the official evaluation compares.

    Args:
        answer (str): Answer of a person or a model.

    Returns:
        str: Normalised answer in lower case; empty if it has only articles
        and punctuation.

    Example:
        >>> normalise('The  two dogs, dont you see?')
        "2 dogs don't you see"
    """
    words = (
        _NUMBERS.get(word, word)
        for word in _without_marks(answer).lower().split()
    )
    return ' '.join(
        _RESTORED.get(word, word) for word in words if word not in _ARTICLES
    )


def _without_marks(answer: str) -> str:
    """Remove punctuation next to a space; replace other marks by a space.

    If the answer has a number such as 1,000, all marks are removed.
    """
    answer = answer.replace('\n', ' ').replace('\t', ' ').strip()
    has_number = _COMMA_IN_NUMBER.search(answer) is not None
    result = answer
    for mark in _MARKS:
        is_loose = f' {mark}' in answer or f'{mark} ' in answer
        result = result.replace(mark, '' if is_loose or has_number else ' ')
    return _POINT.sub('', result)
