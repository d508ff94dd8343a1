"""For every test, those of the notebooks included: wrong answers and impossible figures are errors."""

import os

os.environ["COURSE_STRICT"] = "1"
