# Copyright (c) clipbert_mm contributors.
"""Check the versions of the host packages and say what to install.

The ranges equal those of ``requirements/runtime.txt``. mmcv is checked by its
import name, because ``mmcv`` and ``mmcv-lite`` both provide it.
"""

import importlib
import importlib.util
import warnings
from types import ModuleType

#: Name on PyPI and supported versions of each package, by its import name.
HOST_VERSIONS = {
    'torch': ('torch', '>=2.6'),
    'transformers': ('transformers', '>=4.57.6,<6'),
    'mmengine': ('mmengine', '>=0.10.7,<1.0.0'),
    'mmcv': ('mmcv-lite', '>=2.0.0,<2.2.0'),
    'mmaction': ('mmaction2', '>=1.2.0,<2.0.0'),
}

MMCV_HINT = (
    'Install one of the two, never both, as they share the import name '
    '"mmcv": `pip install mmcv-lite==2.1.0` (pure Python, all that ClipBERT '
    'needs) or mmcv==2.1.0 (with compiled operators, for other models).'
)

OPENCV_HINT = (
    'OpenCV is installed but cannot be loaded here: {error}. The desktop '
    'build of OpenCV needs system libraries that slim images lack. Either '
    'install them (Debian, Ubuntu: `apt-get install libgl1 libglib2.0-0`), '
    'or use the build without a display: `pip uninstall -y opencv-python '
    'opencv-contrib-python`, then `pip install opencv-contrib-python-'
    'headless`.'
)


def check_host_versions() -> None:
    """Check OpenCV, then every package of ``HOST_VERSIONS``.

    OpenCV comes first: mmengine, mmcv and mmaction import it, so a missing
    system library would surface in the middle of one of them.

    Raises:
        ImportError: If a package is missing or of an unsupported version, or
            if OpenCV lacks a system library. The message says what to
            install.

    Example:
        >>> check_host_versions()
    """
    check_opencv()
    for module, (package, versions) in HOST_VERSIONS.items():
        check_package(module, package, versions)
    if importlib.util.find_spec('pkg_resources') is None:
        warnings.warn(
            'pkg_resources is missing: `mmaction::` base configs and mim '
            'need it. Install it with `pip install "setuptools<82"`.',
            stacklevel=2,
        )


def check_opencv() -> None:
    """Import OpenCV and explain a failure to load its system libraries.

    Raises:
        ImportError: If OpenCV is missing or cannot be loaded.

    Example:
        >>> check_opencv()
    """
    try:
        importlib.import_module('cv2')
    except ModuleNotFoundError as error:
        if error.name != 'cv2':
            raise
        raise ImportError(
            'clipbert_mm needs OpenCV, but no cv2 is installed. Install it '
            'with `pip install opencv-contrib-python`.'
        ) from error
    except ImportError as error:
        if 'cannot open shared object file' not in str(error):
            raise
        raise ImportError(OPENCV_HINT.format(error=error)) from error


def check_package(module: str, package: str, versions: str) -> None:
    """Import one package and compare its version.

    Args:
        module (str): Import name.
        package (str): Name on PyPI.
        versions (str): Supported versions, as pip writes them.

    Raises:
        ImportError: If the package is missing or its version does not match.
            Any other error inside the package is raised unchanged.

    Example:
        >>> check_package('mmengine', 'mmengine', '>=0.10.7,<1.0.0')
    """
    # Imported here: it takes a fifth of the time of ``import clipbert_mm``.
    from packaging.specifiers import SpecifierSet

    how = (
        MMCV_HINT
        if module == 'mmcv'
        else f'Install it with `pip install "{package}{versions}"`.'
    )
    try:
        imported: ModuleType = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ImportError(
            f'clipbert_mm needs {module} {versions}, but none is installed. '
            f'{how}'
        ) from error
    found = imported.__version__
    if not SpecifierSet(versions).contains(found, prereleases=True):
        raise ImportError(
            f'clipbert_mm needs {module} {versions}, but got {found}. {how}'
        )
