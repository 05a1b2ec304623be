# Copyright (c) clipbert_mm contributors.
"""Train, test and use a small ClipBERT on generated videos."""

from clipbert_mm.cli.quickstart import main

if __name__ == '__main__':
    main()
