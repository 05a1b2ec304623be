# Copyright (c) clipbert_mm contributors.
"""Write captions of animated emoji."""

import sys

from clipbert_mm.annotations.official.emoji import main

if __name__ == '__main__':
    sys.exit(main())
