# Copyright (c) clipbert_mm contributors.
"""Tests of the imports of optional dependencies."""

import sys

import pytest

from clipbert_mm.utils.extras import import_extra


def test_import_extra__missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    message = (
        r"onnxruntime is not installed. Run pip install 'clipbert_mm\[onnx\]'."
    )
    with pytest.raises(ImportError, match=message):
        import_extra('onnxruntime', 'onnx')
