# Copyright (c) clipbert_mm contributors.
"""ClipBERT as a plugin of MMAction2.

In a process that imports this package, the first import of MMEngine, MMCV or
MMAction2 checks their versions, repairs what is broken in them and adds our
components to MMAction2's registries (:mod:`clipbert_mm.host`).
"""

from .host import applied_repairs, prepare_host_on_import
from .utils.config_files import config_file
from .version import __version__

__all__ = ['__version__', 'applied_repairs', 'config_file']

prepare_host_on_import()
