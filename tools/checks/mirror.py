# Copyright (c) clipbert_mm contributors.
"""Check that tests/unit mirrors the package: one test file per product file.

python -m tools.checks.mirror
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

PACKAGE = PurePosixPath('clipbert_mm')
TESTS = PurePosixPath('tests/unit')

# Reason why a file of the package has no test file of its own.
UNTESTED = {
    'clipbert_mm/annotations/errors.py': 'an exception without code',
    **{
        f'clipbert_mm/cli/{name}.py': (
            'tests/end_to_end/test_command_line.py runs it'
        )
        for name in (
            'convert',
            'demo',
            'describe',
            'doctor',
            'explain',
            'options',
            'program_name',
            'programs',
            'rank',
            'ranking',
            'score',
            'videos',
        )
    },
    'clipbert_mm/cli/browsing.py': (
        'every test of tests/unit/cli/test_browse.py runs it'
    ),
    'clipbert_mm/cli/data_check.py': (
        'every test of tests/unit/cli/test_check.py runs it'
    ),
    'clipbert_mm/datasets/checking/bert_files.py': (
        'tests/unit/datasets/checking/test_starts.py runs it'
    ),
    'clipbert_mm/library/errors.py': 'an exception without code',
    'clipbert_mm/media/options.py': 'a value without code',
    'clipbert_mm/media/readers/torchcodec_reader.py': (
        'every test of tests/unit/media/test_opening.py runs it'
    ),
    'clipbert_mm/quickstart/demo/answering.py': (
        'tests/unit/quickstart/demo/test_main.py runs it'
    ),
    'clipbert_mm/serving/errors.py': 'an exception without code',
    'clipbert_mm/serving/limits.py': 'a value without code',
    **dict.fromkeys(
        (
            'clipbert_mm/models/backbones/bridge_tower_vision.py',
            'clipbert_mm/models/backbones/transformers_vision.py',
            'clipbert_mm/models/backbones/vilt_patches.py',
            'clipbert_mm/models/heads/base_matching_head.py',
            'clipbert_mm/models/heads/blip2_contrastive_head.py',
            'clipbert_mm/models/heads/blip2_matching_head.py',
            'clipbert_mm/models/heads/blip_matching_head.py',
            'clipbert_mm/models/heads/bridge_tower_head.py',
            'clipbert_mm/models/heads/dual_encoder_head.py',
            'clipbert_mm/models/heads/vilt_head.py',
        ),
        'tests/parity/test_image_text_models.py runs it',
    ),
    'clipbert_mm/utils/resume_errors.py': 'exceptions without code',
    'clipbert_mm/version.py': 'a number',
}
# Reason why a test file is of no single file of the package.
WITHOUT_FILE = {
    'tests/unit/annotations/test_fuzz.py': 'every reader and converter',
    'tests/unit/media/test_forms.py': 'every reader, on every form of video',
    'tests/unit/media/test_real_files.py': 'every reader, on files of others',
    'tests/unit/test_examples.py': 'the examples of every docstring',
}


def mirrored(path: str) -> str:
    """Return the test file of a file of the package.

    Args:
        path (str): Path below the repository.

    Returns:
        str: Path below the repository.

    Example:
        >>> mirrored('clipbert_mm/gallery/run.py')
        'tests/unit/gallery/test_run.py'
        >>> mirrored('clipbert_mm/quickstart/claims/__main__.py')
        'tests/unit/quickstart/claims/test_main.py'
    """
    file = PurePosixPath(path).relative_to(PACKAGE)
    return str(TESTS / file.with_name(f'test_{file.stem.strip("_")}.py'))


def differences(
    files: Iterable[str], untested: Iterable[str], without_file: Iterable[str]
) -> Iterator[str]:
    """Yield a line for every file that the mirror lacks.

    Args:
        files (Iterable[str]): Paths of all files below the repository.
        untested (Iterable[str]): Files of the package that need no test file.
        without_file (Iterable[str]): Test files of no single file.

    Yields:
        str: File, and what to do.
    """
    paths = [PurePosixPath(name) for name in files if name.endswith('.py')]
    products = {
        str(path)
        for path in paths
        if PACKAGE in path.parents and path.name != '__init__.py'
    }
    tests = {
        str(path)
        for path in paths
        if TESTS in path.parents and path.name.startswith('test_')
    }
    untested, without_file = set(untested), set(without_file)
    expected = {mirrored(path): path for path in products - untested}
    for test in sorted(expected.keys() - tests):
        yield f'{expected[test]}: write {test}, or name it in UNTESTED'
    for test in sorted(tests - expected.keys() - without_file):
        yield (
            f'{test}: rename it after the file that it tests, move it to '
            'tests/end_to_end, or name it in WITHOUT_FILE'
        )
    for path in sorted(untested - products | without_file - tests):
        yield f'{path}: there is no such file; remove it from the list'
    for path in sorted(untested):
        if mirrored(path) in tests:
            yield f'{path}: has a test file; remove it from UNTESTED'


def main() -> int:
    """Print every difference; return 1 if there is one."""
    files = subprocess.run(
        [
            *('git', 'ls-files', '-z'),
            *('--cached', '--others', '--exclude-standard'),
            *(str(PACKAGE), str(TESTS)),
        ],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.decode()
    found = list(differences(files.split('\0'), UNTESTED, WITHOUT_FILE))
    print(*found, sep='\n' if found else '', end='\n' if found else '')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
