"""Turns weights as their authors publish them into ONNX files, once, at set-up.

Each converter is a function from the bytes of one published file to the bytes of one ONNX model,
and gives the same bytes every time, so that models/manifest.toml can pin the result. They need
the extra `models` (onnx, tflite); nothing here is imported on a running box.
"""
