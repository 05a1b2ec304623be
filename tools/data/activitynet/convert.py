# Copyright (c) clipbert_mm contributors.
"""Convert the annotation files of ActivityNet Captions."""

import sys

from clipbert_mm.annotations.official.activitynet import main

if __name__ == '__main__':
    sys.exit(main())
