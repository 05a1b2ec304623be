# Copyright (c) clipbert_mm contributors.
"""Convert the annotation files of TGIF-QA."""

import sys

from clipbert_mm.annotations.official.tgif_qa import main

if __name__ == '__main__':
    sys.exit(main())
