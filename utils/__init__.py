"""What every notebook of the course shares. Importing it costs nothing: TensorFlow is loaded only where it is used."""

import os

# TensorFlow's C++ start-up notes say nothing to a student; real errors still appear. Must be set before it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
