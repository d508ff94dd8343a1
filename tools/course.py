"""The course's own address, and what is built from it: badges and the setup cell."""

import re
from functools import cache

from tools.lesson import ROOT, Lesson

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

COLAB = "https://colab.research.google.com"
BINDER = "https://mybinder.org"
NOBODY = "OWNER"  # stands in pyproject.toml until a fork has its own address
# In place of a badge that would lead nowhere.
UNPUBLISHED = "*Not published yet: `python -m tools.publish` puts a link to Colab here.*"


@cache
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def repository() -> str:
    """The one address of the course, from pyproject.toml."""
    return project()["urls"]["Repository"].rstrip("/").removesuffix(".git")


def published() -> bool:
    """Whether the address is somebody's, so that a link to it leads somewhere."""
    return f"/{NOBODY}/" not in f"{repository()}/"


def tag() -> str:
    """The tag that Colab clones and badges open: the version's."""
    return f"v{project()['version']}"


def badge(lesson: Lesson) -> str:
    """A link that opens the lesson in Colab, for a lab the student's notebook; before publication a line on how to get one."""
    if not published():
        return UNPUBLISHED
    return f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({colab(lesson.student_path)})"


def without_badge(source: str) -> str:
    """A notebook's first cell without the line that `badge` gave it: where there is no mouse, or a button already."""
    head, _, last = source.rpartition("\n\n")
    return head if last.startswith("[![Open in Colab]") or last == UNPUBLISHED else source


def colab(path: str) -> str:
    """The address that opens the course's notebook `path` in Colab."""
    slug = re.sub(r"^https://github\.com/", "", repository())
    return f"{COLAB}/github/{slug}/blob/{tag()}/{path}"


def setup_cell() -> str:
    """The first code cell of every notebook: finds `utils` beside it, installed, or clones the course once."""
    return _SETUP.replace("ADDRESS", repository()).replace("TAG", tag())


_SETUP = """\
#@title Setup: finds the course beside this notebook, or clones it once (Colab)
import importlib.util, os, pathlib, re, shutil, subprocess, sys, tempfile

address = os.environ.get("COURSE_REPOSITORY", "ADDRESS")
CAUSES = {  # what git says → what it means and what to do; the first that fits
    "proxy| 407": "the proxy before the network refuses: check its settings",
    "certificate|ssl|tls": "its certificate is not accepted: check the clock here",
    "not resolve|failure in name": "its name is unknown: check the network",
    "remote branch": "it has no tag TAG: ask its publisher to push it",
    "not found|not exist|not appear": "no repository is there: check the address",
    "authentic|not read|denied| 403": "it is not public: sign in, or copy the course",
    "timed out|time-out|unable to access|failed to connect|refused|hung up":
        "it does not answer: check the network",
    "no space|quota": "the disk is full: make room",
}


def is_course(place):
    rooms = ("check", "garden", "doctor")
    return all((place / "utils" / room / "__init__.py").is_file() for room in rooms)


def clone(target):
    where = re.sub("//[^/@]*@", "//", address)  # without a user's name or token
    failed = f"The course could not be cloned from {where}"
    part = None
    try:
        part = tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent)
        part = pathlib.Path(part)
        command = ["git", "clone", "--quiet", "--depth", "1", "--branch", "TAG"]
        subprocess.run(
            [*command, address, str(part)],
            check=True, capture_output=True, text=True, timeout=300,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        )
        if not is_course(part):
            sys.exit(f"What was cloned from {where} is not this course.")
        if target.exists() and not is_course(target):  # half a clone: kept aside
            target.rename(target.with_name(f"{part.name}-incomplete"))
        if not target.exists():  # another notebook may have been faster
            part.rename(target)
    except FileNotFoundError:
        sys.exit("git is not installed: install it, or open this notebook in a copy of "
                 "the whole course.")
    except subprocess.TimeoutExpired:
        sys.exit(f"{failed} within 5 minutes: check the network.")
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip() or f"git ends with {error.returncode}"
        last = re.sub("//[^/@ ]*@", "//", said.splitlines()[-1])
        fitting = [why for words, why in CAUSES.items() if re.search(words, said, re.I)]
        sys.exit(f"{failed}: {[*fitting, last][0]}.")
    except OSError as error:
        sys.exit(f"The course cannot be put into {target.parent}: {error.strerror}. "
                 "Move this notebook elsewhere.")
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    return target


here = pathlib.Path.cwd()
paths = [pathlib.Path(path) for path in sys.path if path]
places = [here, *here.parents, here / "convnet-course", *paths]
course = next(filter(is_course, places), None) or clone(here / "convnet-course")
# Before a `utils` of somebody else's, and in place of one that was imported already.
sys.path[:] = [str(course), *(path for path in sys.path if path != str(course))]
taken = getattr(sys.modules.get("utils"), "__file__", None)
if not taken or not is_course(pathlib.Path(taken).resolve().parents[1]):
    for name in [name for name in sys.modules if name.split(".")[0] == "utils"]:
        del sys.modules[name]
importlib.invalidate_caches()
found = importlib.util.find_spec("utils")
origin = getattr(found, "origin", None)
if not origin or not is_course(pathlib.Path(origin).resolve().parents[1]):
    sys.exit(f"Another `utils` is in the way of the course's: rename {origin}, "
             "and restart the kernel.")
from utils import doctor

doctor.verify()"""
