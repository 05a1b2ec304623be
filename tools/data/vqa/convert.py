# Copyright (c) clipbert_mm contributors.
"""Convert the annotation files of VQA 2.0."""

import sys

from clipbert_mm.annotations.official.vqa import main

if __name__ == '__main__':
    sys.exit(main())
