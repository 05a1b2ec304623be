# Copyright (c) clipbert_mm contributors.
"""Tests of the table of the claims."""

import json
from pathlib import Path

from clipbert_mm.quickstart.claims import variants
from clipbert_mm.quickstart.claims.table import table


def test_claims__table_of_known_results(tmp_path: Path) -> None:
    def write(run: str, seed: int, acc: float, action: float) -> None:
        folder = tmp_path / f'seed{seed}' / f'test_{run}'
        folder.mkdir(parents=True)
        (folder / 'result.json').write_text(
            json.dumps(
                {
                    'acc': acc,
                    'acc/action': action,
                    'acc/transition': action + 2,
                }
            )
        )

    for claim in variants.CLAIMS:
        for name, clips in (claim.better, claim.worse):
            for seed in (0, 1):
                folder = tmp_path / f'seed{seed}' / f'test_{name}_{clips}'
                if not folder.exists():
                    gain = clips + 10 * (name == 'base')
                    write(
                        f'{name}_{clips}',
                        seed,
                        50 + gain + seed,
                        60 - gain * (seed or 3),
                    )
    lines = table(tmp_path, [0, 1]).splitlines()
    assert len(lines) == 2 + 2 * len(variants.CLAIMS)
    first = [cell.strip() for cell in lines[2].split('|')[1:-1]]
    assert first[1:] == [
        'all',
        '68.5 (68.0..69.0)',
        '58.5 (58.0..59.0)',
        '10.0 (10.0..10.0)',
        '2 of 2',
        'holds',
    ]
    assert lines[3].endswith('0 of 2 | does not hold |')
