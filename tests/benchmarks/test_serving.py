# Copyright (c) clipbert_mm contributors.
"""The load of a service, in small."""

import os

import pytest

from tools.benchmarks.serving import (
    CLOSED,
    LOST,
    Answer,
    Kind,
    main,
    state_of,
    summarise,
)

pytest.importorskip('lancedb', reason='the extra web is not installed')
pytest.importorskip('uvicorn', reason='the extra web is not installed')


@pytest.mark.slow
def test_serving__every_request_has_its_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = '--clients 8 --seconds 2 --videos 3 --clips 2'
    status = main(words.split())
    printed = capsys.readouterr().out
    assert status == 0, printed
    rows = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in printed.splitlines()
        if line.startswith('|')
    ]
    assert rows[2][0] == 'search'
    assert float(rows[2][2]) > 0
    assert [row[0] for row in rows[-2:]] == ['before', 'after']
    assert printed.endswith('Every request had a right answer.\n')


def test_summarise__names_what_is_wrong() -> None:
    kinds = [
        Kind('a', 1, lambda *_: 200, (200, 503)),
        Kind('b', 1, lambda *_: 400, (400, CLOSED)),
        Kind('c', 1, lambda *_: 200, (200,)),
    ]
    answers = [
        *(Answer('a', 200, seconds / 1000) for seconds in range(101)),
        *(Answer('a', status, 1.0) for status in (503, 500, LOST)),
        *(Answer('b', status, 1.0) for status in (CLOSED, 400, 200)),
    ]
    rows, wrong = summarise(answers, kinds)
    assert rows[0][:3] == ['a', 104, 52]
    assert rows[0][4] == '1 x lost, 101 x 200, 1 x 500, 1 x 503'
    assert rows[1][4] == '1 x closed, 1 x 200, 1 x 400'
    assert wrong == ['a: 1 x lost', 'a: 1 x 500', 'b: 1 x 200']


def test_state__of_this_process() -> None:
    with open('/dev/null') as file:
        state = state_of(os.getpid())
    assert file.closed
    assert state_of(os.getpid()).handles == state.handles - 1
    assert state.mib > 10
    assert state.threads >= 1
