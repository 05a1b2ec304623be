# Copyright (c) clipbert_mm contributors.
"""Library of videos: an index of their grids, which is searched by text.

``VideoLibrary`` is imported when it is first asked for, because an index is
counted, verified and compacted without PyTorch.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .errors import LibraryError

if TYPE_CHECKING:
    from .video_library import SearchResult, VideoLibrary

__all__ = ['LibraryError', 'SearchResult', 'VideoLibrary']


def __getattr__(name: str) -> Any:
    """Return a class that needs PyTorch."""
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    module = importlib.import_module('.video_library', __name__)
    return getattr(module, name)
