# Copyright (c) clipbert_mm contributors.
"""ClipBERT as a plugin of MMAction2.

Importing the package checks the versions of the host packages, repairs what
is broken in them (:mod:`clipbert_mm.host`) and registers every component in
MMAction2's registries.
"""
from .config_files import config_file
from .host import applied_repairs, check_host_versions, repair_host
from .version import __version__

check_host_versions()
repair_host()

from . import datasets, engine, evaluation, models  # noqa: E402

__all__ = [
    '__version__', 'applied_repairs', 'config_file', 'datasets', 'engine',
    'evaluation', 'models'
]
