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
    return f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({colab(lesson.student_path)})"


def colab(path: str) -> str:
    """The address that opens the course's notebook `path` in Colab."""
    slug = re.sub(r"^https://github\.com/", "", repository())
    return f"{COLAB}/github/{slug}/blob/{tag()}/{path}"


def setup_cell() -> str:
    """The first code cell of every notebook: finds `utils` beside it, installed, or clones the course once."""
    return _SETUP.replace("ADDRESS", repository()).replace("TAG", tag())


_SETUP = """\
#@title Setup: finds the course beside this notebook or installed; elsewhere (Colab) clones it, once. It installs nothing.
import importlib.util, os, pathlib, re, shutil, subprocess, sys, tempfile

address = os.environ.get("COURSE_REPOSITORY", "ADDRESS")
CAUSES = {  # what git says → what it means; the first that fits
    "could not resolve proxy|proxy| 407": "the proxy between this machine and the network refuses; check its settings",
    "certificate|ssl|tls": "its certificate is not accepted; check this machine's clock and certificates",
    "could not resolve|temporary failure in name": "its name is unknown; check the network",
    "remote branch": "it has no tag TAG; ask whoever published the course to push it",
    "not found|does not exist|does not appear": "no repository is there; check the address",
    "authentication|could not read|denied| 403": "it is not public; sign in, or open this notebook in a copy of the course",
    "timed out|time-out|unable to access|failed to connect|refused|unreachable|hung up": "it does not answer; check the network",
    "no space|quota": "the disk is full; make room",
}

def is_course(place):
    return all((place / "utils" / room / "__init__.py").is_file() for room in ("check", "garden", "doctor"))

def clone(target):
    where = re.sub("//[^/@]*@", "//", address)  # without a user's name or token
    part = None
    try:
        part = pathlib.Path(tempfile.mkdtemp(prefix="convnet-course-", dir=target.parent))
        command = ["git", "clone", "--quiet", "--depth", "1", "--branch", "TAG", address, str(part)]
        quiet = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, env=quiet)
        if not is_course(part):
            sys.exit(f"What was cloned from {where} is not this course: check the address.")
        if target.exists() and not is_course(target):  # half a clone, of a session that was cut off
            target.rename(target.with_name(part.name.replace("course-", "course-incomplete-")))
        if not target.exists():  # another notebook may have been faster
            part.rename(target)
    except FileNotFoundError:
        sys.exit("git is not installed: install it, or open this notebook in a copy of the whole course.")
    except subprocess.TimeoutExpired:
        sys.exit(f"The course could not be cloned from {where} within 5 minutes: check the network.")
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip()
        last = re.sub("//[^/@ ]*@", "//", said.splitlines()[-1] if said else f"git ends with {error.returncode}")
        reason = next((meaning for words, meaning in CAUSES.items() if re.search(words, said, re.I)), last)
        sys.exit(f"The course could not be cloned from {where}: {reason}.")
    except OSError as error:
        sys.exit(f"The course cannot be put into {target.parent}: {error.strerror}. Move this notebook elsewhere.")
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    return target

here = pathlib.Path.cwd()
places = [here, *here.parents, here / "convnet-course", *map(pathlib.Path, filter(None, sys.path))]
course = next(filter(is_course, places), None) or clone(here / "convnet-course")
sys.path[:] = [str(course), *(path for path in sys.path if path != str(course))]  # before a `utils` of somebody else's
taken = getattr(sys.modules.get("utils"), "__file__", None)
if "utils" in sys.modules and (taken is None or not is_course(pathlib.Path(taken).resolve().parents[1])):
    for name in [name for name in sys.modules if name.partition(".")[0] == "utils"]:
        del sys.modules[name]
importlib.invalidate_caches()
found = importlib.util.find_spec("utils")
if found is None or not is_course(pathlib.Path(found.origin or ".").resolve().parents[1]):
    sys.exit(f"Another `utils` is in the way of the course's: rename {found and found.origin}, and restart the kernel.")
from utils import doctor

doctor.verify()"""
