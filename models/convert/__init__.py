"""Weights of other formats to ONNX graphs, in pure Python; the formats are read without I/O."""
