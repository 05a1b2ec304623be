# Copyright (c) clipbert_mm contributors.
"""Tests of the report of a check."""

import json

from clipbert_mm.datasets.checking.report import CheckReport, spread


def test_report__shows_figures_and_the_first_findings() -> None:
    report = CheckReport('a.py')
    report.figures['train'] = dict(media=3, tokens=spread([2, 4, 9]))
    report.figures['val'] = dict(media=12)
    for name in ('v0', 'v1', 'v1', 'v2'):
        report.problem('train', 'missing media', name)
    report.note(None, 'answers', 'none')
    assert report.to_text(most=2).split('\n') == [
        f'{"":30}      train  val',
        f'{"media":30}          3   12',
        'tokens (least / median / most)  2 / 4 / 9    -',
        '',
        'problems: 3',
        '  train: missing media (3)',
        '    v0',
        '    v1',
        '    ... and 1 more, see --json',
        '',
        'notes: 1',
        '  answers (1)',
        '    none',
    ]
    found = json.loads(report.to_json())
    assert found['splits'] == report.figures
    assert found['problems'][2] == dict(
        split='train', kind='missing media', message='v2'
    )
    assert len(found['problems']) == 3
