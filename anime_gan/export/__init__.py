"""Trained generators as files of other programs: ONNX, LiteRT, SavedModel, NumPy arrays."""
