# Copyright (c) clipbert_mm contributors.
"""Test a checkpoint of a config."""

from clipbert_mm.cli.test import main

if __name__ == '__main__':
    main()
