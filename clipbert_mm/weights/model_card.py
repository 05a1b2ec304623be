# Copyright (c) clipbert_mm contributors.
"""Model card: the README.md of an exported model, with the hub's metadata."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from mmengine.config import Config

from clipbert_mm.models import ClipBERT
from clipbert_mm.utils.config_settings import TOKENIZE

from .calibration import CALIBRATION_FILE, Calibration

#: Name in the folder of an exported model, which need not have it.
CARD_FILE = 'README.md'

PAPER = 'https://arxiv.org/abs/2102.06183'
NOT_STATED = 'Not stated.'

TEMPLATE = """---
{{ card_data }}
---

# {{ title }}

{{ description }}

{{ architecture }}

```python
from clipbert_mm.apis import ClipBERTInferencer

inferencer = ClipBERTInferencer('{{ name }}')
{{ example }}
```

## Limits

{{ limits }}

## Data

{{ data }}

Test: {{ split }}

## Results

{{ results }}

## Calibration

{{ calibration }}

## Licence

{{ license }}
"""

_SECTION = '## Calibration'
_RANKING = "best = inferencer.rank('a text', 'videos/')[0]"
_EXAMPLES = {
    None: _RANKING,
    'answer': "inferencer.answer('a.mp4', 'a question')",
    'choose': "inferencer.answer('a.mp4', 'a question', ['one', 'other'])",
    'count': "inferencer.count('a.mp4', 'a question')",
}


@dataclasses.dataclass(frozen=True)
class ModelFacts:
    """Facts about a model that its weights and settings do not show.

    Args:
        title (str): Heading.
        name (str): Name by which the inferencer finds it. Defaults to
            ``'FOLDER'``.
        description (str): What the model does, for whom.
        limits (str): What it must not be used for.
        data (str): Data of its training.
        split (str): Data of its test, and how they differ from those.
        dataset (str): Short name of the data, for the hub's metadata.
        results (Sequence[Mapping[str, Any]]): Rows of a table with equal
            columns, among them ``metric`` and ``value``.
        calibration (str): How far scores are probabilities. Defaults to the
            contents of ``calibration.json``.
        license (str): Licence of the weights, as the hub abbreviates it,
            such as ``'apache-2.0'``.
    """

    title: str = 'A model of clipbert_mm'
    name: str = 'FOLDER'
    description: str = 'A video-and-language model.'
    limits: str = NOT_STATED
    data: str = NOT_STATED
    split: str = NOT_STATED
    dataset: str = ''
    results: Sequence[Mapping[str, Any]] = ()
    calibration: str = ''
    license: str = ''


def make_card(
    facts: ModelFacts,
    model: ClipBERT,
    config: Config,
    calibration: Calibration | None = None,
) -> ModelCard:
    """Return the card of a model.

    Args:
        facts (ModelFacts): What its author knows.
        model (ClipBERT): The model.
        config (Config): Its settings, with ``test_dataloader``.
        calibration (Calibration | None): Calibration of its scores. Defaults
            to None.

    Returns:
        ModelCard: Text with metadata for the hub; ``save`` writes it.

    Example:
        >>> make_card(ModelFacts(license='mit'), model,
        ...           config).save('README.md')  # doctest: +SKIP
    """
    return ModelCard.from_template(
        card_metadata(facts, type(model.task).__name__),
        template_str=TEMPLATE,
        title=facts.title,
        name=facts.name,
        description=facts.description,
        architecture=describe_architecture(model, config),
        example=_example(model),
        limits=facts.limits,
        data=facts.data,
        split=facts.split,
        results=markdown_table(facts.results) or NOT_STATED,
        calibration=facts.calibration or describe_calibration(calibration),
        license=facts.license or NOT_STATED,
    )


def _example(model: ClipBERT) -> str:
    """Return a line that uses a model."""
    task = model.task
    matches_any_text = task.answered_by == 'choose' and not task.num_options
    return _RANKING if matches_any_text else _EXAMPLES[task.answered_by]


def card_metadata(facts: ModelFacts, task: str) -> ModelCardData:
    """Return what the hub reads of a card.

    Args:
        facts (ModelFacts): What the author of the model knows.
        task (str): Class of the model's task.

    Returns:
        ModelCardData: The metadata; results only with the name of a dataset.

    Example:
        >>> row = dict(metric='R@1', value=90.0)
        >>> facts = ModelFacts(dataset='scenes', results=[row])
        >>> card_metadata(facts, 'RetrievalTask').eval_results[0].metric_value
        90.0
    """
    results = [
        EvalResult(
            task_type='other',
            task_name=task,
            dataset_type=facts.dataset,
            dataset_name=facts.dataset,
            dataset_split='test',
            metric_type=row['metric'],
            metric_value=row['value'],
        )
        for row in facts.results
        if facts.dataset
    ]
    return ModelCardData(
        library_name='clipbert_mm',
        license=facts.license or None,
        tags=['clipbert', 'mmaction2', 'video', task],
        model_name=facts.title if results else None,
        eval_results=results or None,
    )


def describe_architecture(model: ClipBERT, config: Config) -> str:
    """Return a sentence about the size and the input of a model.

    Args:
        model (ClipBERT): The model.
        config (Config): Its settings, with ``test_dataloader``.

    Returns:
        str: Markdown.
    """
    weights = sum(p.numel() for p in model.parameters()) / 1e6
    backbone, head, task = (
        type(part).__name__
        for part in (model.backbone, model.head, model.task)
    )
    return (
        f'[ClipBERT]({PAPER}) of a `{backbone}` and a `{head}`, with '
        f'{weights:.2f} million weights and the task `{task}`. It reads '
        f'{_describe_input(config.test_dataloader.dataset)}.'
    )


def _describe_input(dataset: Config) -> str:
    """Return the size of the clips and of the texts that a model reads."""
    steps = {step['type']: step for step in dataset.pipeline}
    sampler = steps.get('SparseClipSampler', {})
    clips, frames = sampler.get('num_clips', 1), sampler.get('clip_len', 1)
    parts = [f'{_count(clips, "clip")} of {_count(frames, "frame")}']
    if 'ResizeLongSide' in steps:
        size = steps['ResizeLongSide']['size']
        parts.append(f'{size} pixels on the long side')
    if 'ResizeSquare' in steps:
        size = steps['ResizeSquare']['size']
        parts.append(f'{size} x {size} pixels')
    for step in (dataset.get('tokenize'), *dataset.pipeline):
        if step is not None and step['type'] in TOKENIZE:
            parts.append(f'and texts of at most {step["max_txt_len"]} tokens')
    return ', '.join(parts)


def _count(number: int, word: str) -> str:
    return f'{number} {word}' if number == 1 else f'{number} {word}s'


def describe_calibration(calibration: Calibration | None) -> str:
    """Return a sentence about the calibration of a model.

    Args:
        calibration (Calibration | None): The calibration, or None.

    Returns:
        str: Markdown.

    Example:
        >>> describe_calibration(Calibration(1.5, -0.25))
        'Scores are calibrated (`calibration.json`): scale 1.5, bias -0.25.'
    """
    if calibration is None:
        return (
            'None: scores are the probabilities of training, which need not '
            'be frequencies elsewhere.'
        )
    return (
        f'Scores are calibrated (`{CALIBRATION_FILE}`): scale '
        f'{calibration.scale:.4g}, bias {calibration.bias:.4g}.'
    )


def replace_calibration(card: str, calibration: Calibration | None) -> str:
    r"""Return a card whose section about the calibration is of another one.

    Args:
        card (str): Text of the card.
        calibration (Calibration | None): The calibration.

    Returns:
        str: The card; the section is added if it had none.

    Example:
        >>> card = '## Calibration\n\nNone.\n\n## Licence\n\nmit\n'
        >>> print(replace_calibration(card, Calibration(1.0, 0.5)))
        ## Calibration
        <BLANKLINE>
        Scores are calibrated (`calibration.json`): scale 1, bias 0.5.
        <BLANKLINE>
        ## Licence
        <BLANKLINE>
        mit
        <BLANKLINE>
    """
    section = f'{_SECTION}\n\n{describe_calibration(calibration)}\n'
    if not re.search(f'^{_SECTION}$', card, re.MULTILINE):
        return f'{card.rstrip()}\n\n{section}'
    pattern = rf'^{_SECTION}$.*?(?=\n^#|\Z)'
    return re.sub(
        pattern, lambda _: section, card, count=1, flags=re.DOTALL | re.M
    )


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a Markdown table.

    Args:
        rows (Sequence[Mapping[str, Any]]): Rows with equal columns.

    Returns:
        str: The table; empty without rows.

    Example:
        >>> print(markdown_table([dict(metric='R@1', value=90.0)]))
        | metric | value |
        |---|---|
        | R@1 | 90.0 |
    """
    if not rows:
        return ''
    lines = [list(rows[0]), *([row[key] for key in rows[0]] for row in rows)]
    text = ['| ' + ' | '.join(map(str, line)) + ' |' for line in lines]
    text.insert(1, '|' + '---|' * len(rows[0]))
    return '\n'.join(text)
