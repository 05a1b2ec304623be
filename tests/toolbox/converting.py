# Copyright (c) clipbert_mm contributors.
"""Run the converters of tools/data in the process of a test."""

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.toolbox.paths import ROOT

TOOLS = ROOT / 'tools' / 'data'


def load_converter(dataset: str) -> ModuleType:
    """Return the converter module of a dataset."""
    return importlib.import_module(
        f'clipbert_mm.annotations.official.{dataset}'
    )


def write(path: Path, content: str | list | dict) -> str:
    """Write a string as it is, anything else as JSON, and return the path."""
    if not isinstance(content, str):
        content = json.dumps(content)
    path.write_text(content, encoding='utf-8')
    return str(path)


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file of JSON lines."""
    text = path.read_text(encoding='utf-8')
    assert text.endswith('\n')
    return [json.loads(line) for line in text[:-1].split('\n')]
