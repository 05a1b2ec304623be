# Copyright (c) clipbert_mm contributors.
"""Install clipbert_mm; settings of the tools are in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent


def read_version() -> str:
    """Return the version in clipbert_mm/version.py, without importing it."""
    text = (ROOT / 'clipbert_mm' / 'version.py').read_text(encoding='utf-8')
    return re.search(r"^__version__ = '(.+)'$", text, re.MULTILINE).group(1)


def read_requirements(name: str) -> list[str]:
    """Return the requirements in requirements/<name>.txt.

    ``-r`` lines are left out: what they name is installed anyway.
    """
    path = ROOT / 'requirements' / f'{name}.txt'
    lines = (
        line.partition('#')[0].strip()
        for line in path.read_text(encoding='utf-8').splitlines()
    )
    return [line for line in lines if line and not line.startswith('-')]


def read_readme() -> str:
    """Return the README, if the source tree has one."""
    path = ROOT / 'README.md'
    return path.read_text(encoding='utf-8') if path.is_file() else ''


setup(
    name='clipbert_mm',
    version=read_version(),
    description='ClipBERT, sparse sampling for video-and-language learning, '
    'as a plugin of MMAction2',
    long_description=read_readme(),
    long_description_content_type='text/markdown',
    author='clipbert_mm contributors',
    license='Apache-2.0',
    license_files=['LICENSE'],
    keywords='computer vision, video retrieval, vision and language',
    classifiers=[
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
    packages=find_packages(include=['clipbert_mm', 'clipbert_mm.*']),
    # Links to the configs and tools, which arrive as files; mim looks there.
    package_data={'clipbert_mm': ['.mim/*', '.mim/**/*']},
    exclude_package_data={'clipbert_mm': ['.mim/**/__pycache__/*']},
    include_package_data=False,
    python_requires='>=3.10',
    install_requires=read_requirements('runtime'),
    extras_require={
        'quickstart': read_requirements('quickstart'),
        'tests': read_requirements('quickstart') + read_requirements('tests'),
    },
    zip_safe=False,
)
