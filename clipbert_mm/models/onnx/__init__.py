# Copyright (c) clipbert_mm contributors.
"""The head as an ONNX graph, for ONNX Runtime on a CPU."""
