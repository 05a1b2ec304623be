# Copyright (c) clipbert_mm contributors.
"""Re-encode a folder of videos for sparse access."""

import sys

from clipbert_mm.cli.compress import main

if __name__ == '__main__':
    sys.exit(main())
