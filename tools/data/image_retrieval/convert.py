# Copyright (c) clipbert_mm contributors.
"""Convert captions of Flickr30k or COCO in Karpathy's splits."""

import sys

from clipbert_mm.annotations.official.image_retrieval import main

if __name__ == '__main__':
    sys.exit(main())
