# Copyright (c) clipbert_mm contributors.
"""Draw what the model of a config is fed."""

import sys

from clipbert_mm.cli.browse import main

if __name__ == '__main__':
    sys.exit(main())
