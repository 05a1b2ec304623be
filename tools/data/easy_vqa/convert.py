# Copyright (c) clipbert_mm contributors.
"""Convert the question files of easy-VQA."""

import sys

from clipbert_mm.annotations.official.easy_vqa import main

if __name__ == '__main__':
    sys.exit(main())
