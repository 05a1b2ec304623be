# Copyright (c) clipbert_mm contributors.
"""Tests of ``scipy.stats``, which is imported when it is first used."""

import pytest

from tests.toolbox.processes import run_python

DECOMPRESS = """
import sys
import numpy as np
{imports}
from mmaction.datasets.transforms.pose_transforms import DecompressPose

print('scipy.stats' in sys.modules)
keypoint = np.arange(5 * 17 * 3, dtype=np.float32).reshape(5, 17, 3)
results = dict(
    frame_inds=np.array([0, 0, 1, 1, 1]), keypoint=keypoint, total_frames=2
)
results['anno_inds'] = np.ones(5, bool)
out = DecompressPose().transform(results)
print(out['keypoint'].shape, float(out['keypoint_score'].sum()))
print('scipy.stats' in sys.modules)
"""


def run(imports: str) -> list[str]:
    result = run_python('-c', DECOMPRESS.format(imports=imports))
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.mark.slow
def test_pose_transforms__same_result_with_stats_imported_late() -> None:
    before, expected, _ = run('')
    assert before == 'True'
    assert run('import clipbert_mm') == ['False', expected, 'True']
    assert expected == f'(3, 2, 17, 2) {sum(range(2, 255, 3))}.0'


@pytest.mark.slow
def test_import_stats_late__not_where_it_is_imported() -> None:
    code = (
        'import scipy.stats, clipbert_mm; '
        'from mmaction.datasets.transforms import pose_transforms as pose; '
        'assert pose.mode is scipy.stats.mode; '
        "assert 'pose_transforms' not in clipbert_mm.applied_repairs()"
    )
    result = run_python('-c', code)
    assert result.returncode == 0, result.stderr
