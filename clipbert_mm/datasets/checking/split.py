# Copyright (c) clipbert_mm contributors.
"""Datasets of splits, built in spite of mistakes in their files."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from mmaction.datasets.transforms import PackActionInputs
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.registry import Registry

from clipbert_mm.annotations.captions import Caption, read_captions
from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.questions import Question, read_questions
from clipbert_mm.datasets import (
    BertTokenize,
    ConcatTextDataset,
    ImageTextPretrain,
    MaskTokens,
    VideoQuestionAnswering,
    VideoTextRetrieval,
)
from clipbert_mm.datasets.tables.media_table import select_media

from .report import CheckReport

Dataset = VideoTextRetrieval | ImageTextPretrain | VideoQuestionAnswering
DATASET_TYPES = (VideoTextRetrieval, ImageTextPretrain, VideoQuestionAnswering)
TEXT_STEPS = (BertTokenize, MaskTokens, PackActionInputs)
MOST_BAD_LINES = 20  # the file is read again after each


class ConfigError(ValueError):
    """Config that no dataset can be built from."""


class CheckedSplit(NamedTuple):
    """Split whose annotations could be read.

    ``files`` are paths of its media by name, None if they are unknown;
    ``tokenize`` is the config of its ``BertTokenize`` or None;
    ``questions`` is None for captions; ``vocabulary`` is None without one
    that can be read.
    """

    name: str
    ann_file: str
    dataset: Dataset
    steps: list[Callable]
    num_items: int
    files: dict[str, str] | None
    tokenize: dict | None
    questions: list[Question] | None
    vocabulary: list[str] | None


def members_of(name: str, config: dict) -> dict[str, dict]:
    """Return the members of a ``ConcatTextDataset``, or a dataset itself.

    Args:
        name (str): Name of the split.
        config (dict): Config of its dataset.

    Returns:
        dict[str, dict]: Config by name, such as ``train[0]`` for a member.
    """
    members = config.get('datasets')
    if members is None or not _is_a(DATASETS, config, (ConcatTextDataset,)):
        return {name: config}
    return {f'{name}[{i}]': member for i, member in enumerate(members)}


def open_split(
    name: str, config: dict, report: CheckReport
) -> CheckedSplit | None:
    """Read the annotations of a split.

    Args:
        name (str): Name of the split.
        config (dict): Config of its dataset.
        report (CheckReport): Report that gets the problems.

    Returns:
        CheckedSplit | None: The split; None if it cannot be read at all.

    Raises:
        ConfigError: If the dataset cannot be built with any data.
    """
    with tempfile.TemporaryDirectory() as folder:
        for options in _attempts(config):
            dataset = build_dataset({**config, **options})
            path = dataset.ann_file
            try:
                dataset.ann_file = _without_bad_lines(
                    name, dataset, report, Path(folder)
                )
                items = dataset.load_data_list()
                questions = _questions(dataset, config)
            except (ValueError, OSError) as error:
                report.problem(
                    name,
                    'annotations',
                    str(error).replace(dataset.ann_file, path),
                )
                continue
            files = {item['video_id']: item['filename'] for item in items}
            return CheckedSplit(
                name,
                path,
                dataset,
                dataset.pipeline.transforms,
                len(items),
                None if 'media_suffix' in options else files,
                _tokenize_config(config),
                questions,
                None
                if 'answers' in options
                else getattr(dataset, 'vocabulary', None),
            )
    return None


def _attempts(config: dict) -> list[dict]:
    """Return options to read a dataset with, the fewest changes first.

    They drop the needs of training, the vocabulary, and the search for media.
    """
    blank: dict = {}
    answers = config.get('answers') or {}
    if answers.get('vocabulary'):
        blank = dict(answers={**answers, 'vocabulary': ['']})
    nowhere = dict(media_suffix='')
    changes: list[dict] = [{}, blank, nowhere, {**blank, **nowhere}]
    return [{}, *(dict(test_mode=True, **change) for change in changes)]


def build_dataset(config: dict) -> Dataset:
    """Build a dataset without reading files, and without text transforms.

    Args:
        config (dict): Config of the dataset.

    Returns:
        Dataset: The dataset.

    Raises:
        ConfigError: If it cannot be built, or has an unsupported type.
    """
    if not _is_a(DATASETS, config, DATASET_TYPES):
        raise ConfigError(
            f'The type of a dataset must be one of '
            f'{[t.__name__ for t in DATASET_TYPES]}, but got '
            f'{config["type"]!r}.'
        )
    steps = [
        step
        for step in config['pipeline']
        if not _is_a(TRANSFORMS, step, TEXT_STEPS)
    ]
    changed = dict(config, pipeline=steps, lazy_init=True)
    changed.pop('tokenize', None)
    try:
        dataset = DATASETS.build(changed)
    except (TypeError, ValueError, KeyError) as error:
        raise ConfigError(
            f'The dataset {config["type"]} cannot be built: {error}'
        ) from error
    if not dataset.pipeline.transforms:
        raise ConfigError(
            f'The pipeline of {config["type"]} has no transform that reads a '
            'file. Add LoadVideo or LoadImageClip.'
        )
    return dataset


def _is_a(registry: Registry, config: dict, types: tuple[type, ...]) -> bool:
    found = config['type']
    if isinstance(found, str):
        found = registry.get(found)
    return isinstance(found, type) and issubclass(found, types)


def _tokenize_config(config: dict) -> dict | None:
    steps = [config.get('tokenize'), *config['pipeline']]
    return next(
        (s for s in steps if s and _is_a(TRANSFORMS, s, (BertTokenize,))), None
    )


def _questions(dataset: Any, config: dict) -> list[Question] | None:
    """Return all questions, even those that training drops or refuses."""
    if not isinstance(dataset, VideoQuestionAnswering):
        return None
    questions = read_questions(dataset.ann_file, dataset.answers.format)
    return select_media(questions, config.get('indices'))


def _without_bad_lines(
    name: str, dataset: Dataset, report: CheckReport, folder: Path
) -> str:
    """Return the path of a copy whose wrong lines are blank."""
    path = dataset.ann_file
    if not path.endswith('.jsonl'):
        return path
    current = path
    for number in range(MOST_BAD_LINES):
        try:
            _read(dataset, current)
        except AnnotationError as error:
            message = str(error).replace(current, path)
            place = re.match(re.escape(path) + r':(\d+): ', message)
            lines = Path(current).read_text('utf-8-sig').split('\n')
            line = int(place[1]) - 1 if place else 0
            if not lines[line].strip():
                break  # no line of its own to remove
            report.problem(name, 'annotations', message)
            lines[line] = ''
            copy = folder / f'{number}.jsonl'
            copy.write_text('\n'.join(lines), 'utf-8')
            current = str(copy)
        else:
            break
    return current


def _read(dataset: Dataset, path: str) -> None:
    rows: list[Question] | list[Caption]
    if isinstance(dataset, VideoQuestionAnswering):
        rows = read_questions(path, dataset.answers.format)
    elif isinstance(dataset, ImageTextPretrain):
        rows = read_captions(path, dataset.media_names)
    else:
        rows = read_captions(path)
    dataset.new_media_root(path).check_names(rows)
