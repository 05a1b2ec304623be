# Copyright (c) clipbert_mm contributors.
"""Convert the annotation files of MSR-VTT, MSRVTT-QA and MSRVTT-MC."""

import sys

from clipbert_mm.annotations.official.msrvtt import main

if __name__ == '__main__':
    sys.exit(main())
