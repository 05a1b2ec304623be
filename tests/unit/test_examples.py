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
# Modules whose examples need files or names that are not there, for now.
PENDING = {
    'clipbert_mm.annotations.answer_vocabulary',
    'clipbert_mm.annotations.captions',
    'clipbert_mm.annotations.json_reading',
    'clipbert_mm.annotations.questions',
    'clipbert_mm.datasets.concat_text_dataset',
    'clipbert_mm.datasets.image_text_pretrain',
    'clipbert_mm.datasets.negatives',
    'clipbert_mm.datasets.tables.media_table',
    'clipbert_mm.datasets.tokenizer',
    'clipbert_mm.datasets.transforms.bert_tokenize',
    'clipbert_mm.datasets.transforms.mask_tokens',
    'clipbert_mm.datasets.video_question_answering',
    'clipbert_mm.datasets.video_text_retrieval',
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
    if name in PENDING:
        pytest.xfail('to be made true, or marked +SKIP')
    monkeypatch.chdir(tmp_path)  # for what an example writes
    result = doctest.testmod(
        importlib.import_module(name), optionflags=OPTIONS
    )
    assert result.failed == 0
