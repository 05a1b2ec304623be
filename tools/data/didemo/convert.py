# Copyright (c) clipbert_mm contributors.
"""Convert the annotation files of DiDeMo."""

import sys

from clipbert_mm.annotations.official.didemo import main

if __name__ == '__main__':
    sys.exit(main())
