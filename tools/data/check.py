# Copyright (c) clipbert_mm contributors.
"""Check the data of a config."""

import sys

from clipbert_mm.cli.check import main

if __name__ == '__main__':
    sys.exit(main())
