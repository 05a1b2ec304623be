# Copyright (c) clipbert_mm contributors.
"""Images of search results."""

from .contact_sheet import Tile, draw_contact_sheet, save_contact_sheet

__all__ = ['Tile', 'draw_contact_sheet', 'save_contact_sheet']
