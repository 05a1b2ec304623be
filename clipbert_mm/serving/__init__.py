# Copyright (c) clipbert_mm contributors.
"""Web service and page of a library of videos."""

from .app import make_app
from .limits import ServiceLimits
from .service import LibraryService

__all__ = ['LibraryService', 'ServiceLimits', 'make_app']
