# Copyright (c) clipbert_mm contributors.
"""The paper's claims, measured at the size of the quickstart."""
