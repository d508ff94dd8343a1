"""What every notebook of the course shares. Importing it costs nothing: TensorFlow is loaded only where it is used.

What TensorFlow is told by environment variables is told here, so import this package first.
"""

import os

# TensorFlow's C++ start-up notes say nothing to a student; real errors still appear. Must be set before it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# oneDNN's convolutions. TensorFlow uses them unasked only on some processors (those of Intel with AVX-512 VNNI, for example);
# on others they make a training step up to a third shorter, and that of a separable convolution by two thirds.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
