# Copyright (c) clipbert_mm contributors.
"""The examples in the docstrings of the package are true."""

import doctest
import importlib
from pathlib import Path

import pytest

import clipbert_mm
from clipbert_mm.media.opening import available_decoders

PACKAGE = Path(clipbert_mm.__file__).parent
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# Reason why a module cannot be imported here; empty if it can.
NOT_RUN = {
    f'clipbert_mm.media.readers.{name}_reader': reason
    for name, reason in available_decoders().items()
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


@pytest.mark.slow
@pytest.mark.parametrize('name', modules_with_examples())
def test_examples__are_true(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if NOT_RUN.get(name):
        pytest.skip(NOT_RUN[name])
    monkeypatch.chdir(tmp_path)  # for what an example writes
    result = doctest.testmod(
        importlib.import_module(name), optionflags=OPTIONS
    )
    assert result.failed == 0
