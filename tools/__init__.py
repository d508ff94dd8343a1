"""Programs for maintainers and instructors; no notebook imports them."""

import utils as _utils  # noqa: F401 (it tells TensorFlow what to do, before a program here imports it)
