# Copyright (c) clipbert_mm contributors.
"""Tests of the kind of media that a dataset reads."""

import pytest

from clipbert_mm.datasets.media_key import check_media_key

KEYS = ('video', 'img')


@pytest.mark.parametrize('key', KEYS)
def test_media_key__the_only_one(key: str) -> None:
    assert check_media_key('VideoTextRetrieval', {key: 'a'}, KEYS) == key
    assert check_media_key('VideoTextRetrieval', {key: ''}, KEYS) == key


@pytest.mark.parametrize(
    'prefix', [{}, dict(image='a'), dict(video='a', img='b')]
)
def test_media_key__none_another_or_two(prefix: dict[str, str]) -> None:
    with pytest.raises(ValueError, match='^data_prefix of ') as raised:
        check_media_key('VideoTextRetrieval', prefix, KEYS)
    assert str(raised.value) == (
        'data_prefix of VideoTextRetrieval must be dict(video=<folder>) or '
        f'dict(img=<folder>), but got {prefix}.'
    )
