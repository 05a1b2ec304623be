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


def read_requirements(*names: str) -> list[str]:
    """Return the requirements in requirements/<name>.txt of each name.

    Lines with ``-r`` are left out: ``install_requires`` covers the package's.
    """
    lines = (
        line.partition('#')[0].strip()
        for name in names
        for line in (ROOT / 'requirements' / f'{name}.txt')
        .read_text(encoding='utf-8')
        .splitlines()
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
    project_urls={
        'Paper': 'https://arxiv.org/abs/2102.06183',
        'MMAction2': 'https://github.com/open-mmlab/mmaction2',
    },
    license_files=['LICENSE'],
    keywords='computer vision, video retrieval, vision and language',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'License :: OSI Approved :: Apache Software License',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
        'Typing :: Typed',
    ],
    packages=find_packages(include=['clipbert_mm', 'clipbert_mm.*']),
    # .mim holds links to configs and tools, where mim looks for them. The
    # wheel contains them as files. demo holds small models and videos.
    package_data={
        'clipbert_mm': [
            'py.typed',
            '.mim/*',
            '.mim/**/*',
            'demo/**/*',
            'serving/static/*',
        ]
    },
    exclude_package_data={
        'clipbert_mm': [
            '.mim/**/__pycache__/*',
            '.mim/tools/checks/*',  # they check a checkout
        ]
    },
    include_package_data=False,
    python_requires='>=3.10',
    install_requires=read_requirements('runtime'),
    entry_points={
        'console_scripts': ['clipbert-mm = clipbert_mm.cli.main:main']
    },
    extras_require={
        'fonts': read_requirements('fonts'),
        'lora': read_requirements('lora'),
        'onnx': read_requirements('onnx'),
        'quickstart': read_requirements('quickstart'),
        'ray': read_requirements('search', 'web', 'ray'),
        'real-data': read_requirements('real-data'),
        'search': read_requirements('search'),
        'web': read_requirements('search', 'web'),
        'tests': read_requirements(
            'fonts',
            'lora',
            'onnx',
            'quickstart',
            'ray',
            'real-data',
            'search',
            'web',
            'tests',
        ),
    },
    zip_safe=False,
)
