"""What every notebook of the course shares. Importing it costs nothing: TensorFlow is loaded only where it is used.

What TensorFlow is told by environment variables is told here, so import this package first.
"""

import os

# TensorFlow's C++ start-up notes say nothing to a student; real errors still appear. Must be set before it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# oneDNN's convolutions. TensorFlow uses them unasked only on some processors. On one with AVX2 but no AVX-512 they shorten a
# training step of LeNet-5 or of the lecture's ConvNet by a quarter to a third, one of Xception's block 14 by nearly two thirds.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
