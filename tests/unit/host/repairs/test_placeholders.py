# Copyright (c) clipbert_mm contributors.
"""Tests of placeholders for parts of MMAction2."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from mmaction.registry import MODELS

from clipbert_mm.host.repairs.placeholders import (
    fill_with_placeholders,
    put_placeholders,
)

NAMES = ('NoSuchNet', 'NoSuchHead')


@pytest.fixture(autouse=True)
def unregistered() -> Iterator[None]:
    yield
    for name in NAMES:
        MODELS.module_dict.pop(name, None)
    sys.modules.pop('no_such_package', None)


def test_put__imports_but_does_not_build() -> None:
    put_placeholders('no_such_package', NAMES, 'it is not shipped')
    module = importlib.import_module('no_such_package')
    assert module.__all__ == list(NAMES)
    assert MODELS.get('NoSuchNet') is module.NoSuchNet
    for build in (module.NoSuchNet, lambda: MODELS.build({'type': NAMES[1]})):
        with pytest.raises(
            ImportError,
            match=r'NoSuch\w+ of MMAction2 cannot be used here: it is not sh',
        ):
            build()


def test_fill__keeps_what_is_registered() -> None:
    own = type('NoSuchNet', (), {})
    MODELS.register_module(name='NoSuchNet', module=own)
    module = ModuleType('a')
    fill_with_placeholders(module, NAMES, 'no')
    assert MODELS.get('NoSuchNet') is own
    assert MODELS.get('NoSuchHead') is module.NoSuchHead
