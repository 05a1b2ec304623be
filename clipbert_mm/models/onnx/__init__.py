# Copyright (c) clipbert_mm contributors.
"""The CNN and the head as ONNX graphs, for ONNX Runtime on a CPU."""
