"""Trains networks: batches, schedules, transfer with cached activations, and what TensorFlow needs to be fast here."""

from .fitting import fit

__all__ = ["fit"]
