# Copyright (c) clipbert_mm contributors.
"""Run the converters of tools/data in the process of a test."""
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Union

TOOLS = Path(__file__).resolve().parents[3] / 'tools' / 'data'


def load_converter(dataset: str) -> ModuleType:
    """tools/data/<dataset>/convert.py, with the modules beside it."""
    folder = TOOLS / dataset
    for path in (folder, TOOLS):
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))
    spec = importlib.util.spec_from_file_location(
        f'convert_{dataset}', folder / 'convert.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(path: Path, content: Union[str, list, dict]) -> str:
    """Write a text, or something as JSON."""
    if not isinstance(content, str):
        content = json.dumps(content)
    path.write_text(content, encoding='utf-8')
    return str(path)


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    text = path.read_text(encoding='utf-8')
    assert text.endswith('\n')
    return [json.loads(line) for line in text[:-1].split('\n')]
