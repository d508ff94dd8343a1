"""Configuration for an nbgrader course that uses these labs as they are. Copy it into the course's folder."""

import os
from pathlib import Path

import nbformat
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearOutput, NbGraderPreprocessor

from utils.notebook.mend import mend

c = get_config()  # noqa: F821  nbgrader defines it

# A wrong or missing answer makes its check cell fail, which is how nbgrader sees it.
os.environ["COURSE_STRICT"] = "1"

# The labs hold no answers any more; their own stubs, signature and docstring included, are to stay.
c.ClearSolutions.enabled = False

# Training takes minutes on a small machine.
c.ExecutePreprocessor.timeout = 900


class MendSubmission(NbGraderPreprocessor):
    """Put deleted, copied, moved and converted cells right, from the lab as it was released, before anything is graded."""

    def preprocess(self, nb, resources):
        course, names = CourseDirectory(parent=self), resources["nbgrader"]
        for folder in (course.release_directory, course.source_directory):
            path = Path(course.format_path(folder, ".", names["assignment"])) / f"{names['notebook']}.ipynb"
            if path.exists():
                mended = mend(nb, nbformat.read(path, as_version=nbformat.current_nbformat))
                for note in mended.notes:
                    self.log.warning("%s: %s", names["student"], note)
                return nbformat.from_dict(mended.notebook), resources
        return nb, resources


sanitizing = Autograde.sanitize_preprocessors.default()
c.Autograde.sanitize_preprocessors = [ClearOutput, MendSubmission, *(each for each in sanitizing if each is not ClearOutput)]
