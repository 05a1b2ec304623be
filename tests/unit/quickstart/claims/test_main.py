# Copyright (c) clipbert_mm contributors.
"""Tests of the command that measures the claims."""

import pytest

from clipbert_mm.quickstart.claims import __main__ as claims


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--epochs', '6'], 'a multiple of 4, but got 2, 1, 6'),
        (['--jobs', '0'], 'but got 0, 1, 4'),
        (['--claims', 'f'], "invalid choice: 'f'"),
        (['--lr', '-1'], '--lr must be a number > 0, but got -1.0'),
        (['--pretrain-lr', 'nan'], '--pretrain-lr must be a number > 0, but'),
        (['--neck-norm', 'layer'], "invalid choice: 'layer'"),
    ],
)
def test_claims__wrong_options(arguments, message, capsys) -> None:
    with pytest.raises(SystemExit):
        claims.parse_args(arguments)
    assert message in capsys.readouterr().err
