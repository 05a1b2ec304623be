# Copyright (c) clipbert_mm contributors.
