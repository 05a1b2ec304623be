# Copyright (c) clipbert_mm contributors.
"""Library of videos: an index of their grids, which is searched by text."""

from .errors import LibraryError
from .video_library import SearchResult, VideoLibrary

__all__ = ['LibraryError', 'SearchResult', 'VideoLibrary']
