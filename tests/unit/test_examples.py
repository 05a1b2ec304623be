# Copyright (c) clipbert_mm contributors.
"""The examples in the docstrings of the package are true."""

import doctest
import importlib
from pathlib import Path

import pytest

import clipbert_mm

PACKAGE = Path(clipbert_mm.__file__).parent
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# Reason why a module is not imported here.
NOT_RUN = {
    'clipbert_mm.media.readers.torchcodec_reader': 'needs torchcodec',
}


def modules_with_examples() -> list[str]:
    """Return the names of all modules that have an example."""
    return [
        '.'.join(
            path.relative_to(PACKAGE.parent).with_suffix('').parts
        ).removesuffix('.__init__')
        for path in sorted(PACKAGE.rglob('*.py'))
        if '.mim' not in path.parts and '>>> ' in path.read_text('utf-8')
    ]


@pytest.mark.parametrize('name', modules_with_examples())
def test_examples__are_true(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name in NOT_RUN:
        pytest.skip(NOT_RUN[name])
    monkeypatch.chdir(tmp_path)  # for what an example writes
    result = doctest.testmod(
        importlib.import_module(name), optionflags=OPTIONS
    )
    assert result.failed == 0
