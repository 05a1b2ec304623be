# Copyright (c) clipbert_mm contributors.
"""Build the dataset of a split, in spite of the mistakes in its files."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from mmaction.datasets.transforms import PackActionInputs
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.registry import Registry

from clipbert_mm.annotations.captions import read_captions
from clipbert_mm.annotations.errors import AnnotationError
from clipbert_mm.annotations.questions import Question, read_questions

# before the host packages: it checks and repairs them
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
    """A config that no dataset can be built from."""


class CheckedSplit(NamedTuple):
    """A split whose annotations could be read.

    ``files`` are its media (name -> path), None if they cannot be told;
    ``tokenize`` is the config of its ``BertTokenize``, None if it has none;
    ``questions`` is None if it has captions, and ``vocabulary`` if it has
    none or none that can be read.
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
    """The datasets of a split: those of a ``ConcatTextDataset``, or its own.

    Args:
        name (str): Name of the split.
        config (dict): Of its dataset.

    Returns:
        dict[str, dict]: Config by name, such as ``train[0]`` of a member.
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
        name (str): Its name.
        config (dict): Of its dataset.
        report (CheckReport): Problems are added to it.

    Returns:
        CheckedSplit | None: The split; None if it cannot be read at all.

    Raises:
        ConfigError: If the dataset cannot be built, whatever the data.
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
    """Options that a dataset can be read with, the fewest changes first.

    Without what only training needs, without the vocabulary, without looking
    for the media.
    """
    blank: dict = {}
    answers = config.get('answers') or {}
    if answers.get('vocabulary'):
        blank = dict(answers={**answers, 'vocabulary': ['']})
    nowhere = dict(media_suffix='')
    changes: list[dict] = [{}, blank, nowhere, {**blank, **nowhere}]
    return [{}, *(dict(test_mode=True, **change) for change in changes)]


def build_dataset(config: dict) -> Dataset:
    """Build a dataset that has read nothing yet, without steps for texts.

    Args:
        config (dict): Its config.

    Returns:
        Dataset: The dataset.

    Raises:
        ConfigError: If it cannot be built, or is of another type.
    """
    if not _is_a(DATASETS, config, DATASET_TYPES):
        raise ConfigError(
            f'This tool checks {[t.__name__ for t in DATASET_TYPES]}, but got '
            f'a dataset of the type {config["type"]!r}.'
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
            f'The pipeline of {config["type"]} has no step that reads a file.'
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
    """All questions, with those that training would drop or refuse."""
    if not isinstance(dataset, VideoQuestionAnswering):
        return None
    questions = read_questions(dataset.ann_file, dataset.answers.format)
    return select_media(questions, config.get('indices'))


def _without_bad_lines(
    name: str, dataset: Dataset, report: CheckReport, folder: Path
) -> str:
    """The path of a copy in which the lines that are mistaken are blank."""
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
                break  # nothing is left of it
            report.problem(name, 'annotations', message)
            lines[line] = ''
            copy = folder / f'{number}.jsonl'
            copy.write_text('\n'.join(lines), 'utf-8')
            current = str(copy)
        else:
            break
    return current


def _read(dataset: Any, path: str) -> None:
    if isinstance(dataset, VideoQuestionAnswering):
        read_questions(path, dataset.answers.format)
    else:
        read_captions(path)
