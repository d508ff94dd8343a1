"""Trains networks: batches, schedules, transfer with cached activations, and what TensorFlow needs to be fast here."""
