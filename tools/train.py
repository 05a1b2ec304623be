# Copyright (c) clipbert_mm contributors.
"""Train a model from a config."""

from clipbert_mm.cli.train import main

if __name__ == '__main__':
    main()
