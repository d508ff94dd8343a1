"""The course's own address, and what is built from it: badges and the setup cell."""

import re
from functools import cache

from tools.lesson import ROOT, Lesson

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

COLAB = "https://colab.research.google.com"


@cache
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def repository() -> str:
    """The one address of the course, from pyproject.toml."""
    return project()["urls"]["Repository"].rstrip("/").removesuffix(".git")


def tag() -> str:
    """The tag that Colab clones and badges open: the version's."""
    return f"v{project()['version']}"


def badge(lesson: Lesson) -> str:
    """A link that opens the lesson in Colab; for a lab the student's notebook, never its solution."""
    path = f"{'labs' if lesson.is_lab else 'notebooks'}/{lesson.name}.ipynb"
    return f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({colab(path)})"


def colab(path: str) -> str:
    """The address that opens the course's notebook `path` in Colab."""
    slug = re.sub(r"^https://github\.com/", "", repository())
    return f"{COLAB}/github/{slug}/blob/{tag()}/{path}"


def with_links(text: str) -> str:
    """The text, a README for example, with every Colab address of a notebook made from this course's address and tag."""
    return re.sub(rf"{COLAB}/github/[^)\s]*/blob/[^/)\s]+/([^)\s]+\.ipynb)", lambda found: colab(found[1]), text)


def setup_cell() -> str:
    """The first code cell of every notebook: finds `utils` beside it, installed, or clones the course once."""
    return _SETUP.replace("ADDRESS", repository()).replace("TAG", tag())


_SETUP = """\
# Setup: finds the course beside this notebook or installed; elsewhere (Colab) clones it, once. It installs nothing.
import importlib.util, os, pathlib, subprocess, sys

address, here = os.environ.get("COURSE_REPOSITORY", "ADDRESS"), pathlib.Path.cwd()
places = [here, *here.parents, here / "convnet-course"]
course = next((place for place in places if (place / "utils" / "check").exists()), None)
if course is None and importlib.util.find_spec("utils") is None:
    clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", "TAG", address, "convnet-course"]
    try:
        subprocess.run(clone, check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError):
        sys.exit(f"The course is not beside this notebook and could not be cloned from {address}: "
                 "check the network, or open this notebook in a copy of the whole course.")
    course = here / "convnet-course"
if course is not None and str(course) not in sys.path:
    sys.path.insert(0, str(course))
from utils import doctor

doctor.verify()"""
