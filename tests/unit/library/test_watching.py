# Copyright (c) clipbert_mm contributors.
"""Tests of looks at files."""

import time
from itertools import islice

from clipbert_mm.library.file_facts import FileFacts
from clipbert_mm.library.watching import StillFiles, repeat_looks


def file(name: str, size: int, mtime: int = 1) -> FileFacts:
    return FileFacts(f'/{name}', size, mtime)


def test_look__two_looks_at_the_same_size_and_time() -> None:
    files = StillFiles()
    looks = [
        [file('grows', 1), file('still', 5), file('touched', 7, 1)],
        [file('grows', 2), file('still', 5), file('touched', 7, 2)],
        [file('grows', 2), file('still', 5), file('touched', 7, 2)],
    ]
    found = [files.look(look, {}) for look in looks]
    assert [look.waiting for look in found] == [3, 2, 0]
    assert found[1].still == [file('still', 5)]
    assert found[2].still == looks[2]


def test_look__what_the_index_knows_need_not_wait() -> None:
    known = {'/a': file('a', 5), '/b': file('b', 5)}
    look = StillFiles().look([file('a', 5), file('b', 6)], known)
    assert look == ([file('a', 5)], 1)


def test_look__file_that_was_gone_in_between_waits_again() -> None:
    files = StillFiles()
    for found, waiting in (([file('a', 5)], 1), ([], 0), ([file('a', 5)], 1)):
        assert files.look(found, {}).waiting == waiting


def test_repeat_looks__goes_on_until_it_is_stopped() -> None:
    looks = iter([(False, [1]), (False, []), (True, [2, 3])])
    begin = time.monotonic()
    found = repeat_looks(lambda: next(looks), 0.05)
    assert list(islice(found, 3)) == [1, 2, 3]
    assert time.monotonic() - begin >= 0.1


def test_repeat_looks__once_is_twice_where_something_is_waited_for() -> None:
    for first, number in ((False, 1), (True, 2)):
        looks = iter([(first, 'a'), (True, 'b'), (True, 'c')])
        found = repeat_looks(lambda looks=looks: next(looks), 0, once=True)
        assert ''.join(found) == 'abc'[:number]
