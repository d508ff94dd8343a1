"""The memory ledger: what each layer of a Keras model costs, in parameters, activations, multiply-adds and bytes.

    book = ledger(keras.applications.VGG16(weights=None))
    print(book)                                # a table; in Jupyter, `book` alone shows one
    book.training(batch=32, optimizer="adam")  # bytes, part by part
    book.figure()                              # where the parameters are, where the activations are

Layers that the tables do not know (one of your own, attention, a recurrent layer) are opened where Keras can trace them. What
cannot be counted even so is named in `book.not_counted` and shown as "?"; it is never taken as 0, and every total that it
touches says "at least", a largest batch "at most".
"""

from .count import Ledger, Row, ledger
from .measure import Measured, measure_training_peak
from .memory import Memory, slots

__all__ = ["Ledger", "Measured", "Memory", "Row", "ledger", "measure_training_peak", "slots"]
