# Copyright (c) clipbert_mm contributors.
"""Pictures of what a model found."""

from .contact_sheet import Tile, draw_contact_sheet, save_contact_sheet

__all__ = ['Tile', 'draw_contact_sheet', 'save_contact_sheet']
