# Copyright (c) clipbert_mm contributors.
"""Convert the annotation files of COCO captions and Visual Genome."""

import sys

from clipbert_mm.annotations.official.coco_vg import main

if __name__ == '__main__':
    sys.exit(main())
