"""Configuration for an nbgrader course that uses these labs as they are. Copy it into the course's folder."""

import os

c = get_config()  # noqa: F821  nbgrader defines it

# A wrong or missing answer makes its check cell fail, which is how nbgrader sees it.
os.environ["COURSE_STRICT"] = "1"

# The labs hold no answers any more; their own stubs, signature and docstring included, are to stay.
c.ClearSolutions.enabled = False

# Training takes minutes on a small machine.
c.ExecutePreprocessor.timeout = 900
