# Copyright (c) clipbert_mm contributors.
"""Convert published weights, and export trained models."""

import sys

from clipbert_mm.cli.convert_weights import main

if __name__ == '__main__':
    sys.exit(main())
