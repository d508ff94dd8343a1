"""Publish a fork: its address into every badge and clone line, checked against what the repository holds, and a tag.

    python -m tools.publish            write, check, commit, tag
    python -m tools.publish --push     and push both to origin
    python -m tools.publish --check    only check what is written

The address is the git remote's. No notebook is executed: outputs stay as they were built.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools import build, course
from tools.lesson import ROOT, SourceError, lessons, read_notebook

PROJECT = "pyproject.toml"
REMOTE = "origin"
# What an address of the course looks like, wherever it is written: a badge's or a button's, and a clone's.
LINK = re.compile(r"https://colab\.research\.google\.com/github/([^/\s)]+/[^/\s)]+)/blob/([^/\s)]+)/([^\s)\"#]+)")
CLONE = re.compile(r'os\.environ\.get\("COURSE_REPOSITORY", "([^"]*)"\)')
BRANCH = re.compile(r'"--branch", "([^"]*)"')


class Refused(Exception):
    """Why the course cannot be published, and what to do about it."""


def git(*words: str, root: Path = ROOT) -> str:
    """What git prints. Raises Refused with the line in which git names the cause when it fails."""
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, encoding="utf-8")
    except FileNotFoundError:
        raise Refused("git is not installed: install it from https://git-scm.com/downloads") from None
    if done.returncode:
        raise Refused(f"git {words[0]}: {_cause(done.stderr)}")
    return done.stdout.strip()


def _cause(said: str) -> str:
    """The line of git's that names the cause, with the remedy where beginners meet it; hints and questions stand around it."""
    lines = said.strip().splitlines() or ["failed"]
    cause = next((line.strip() for mark in ("rejected", "fatal:", "error:") for line in lines if mark in line), lines[-1])
    if "not a git repository" in cause:
        return f"{cause}. Is this folder from a zip? Clone your copy with git, and run it there"
    if "auto-detect email address" in cause or "Please tell me who you are" in said:
        return f'{cause}. `git config user.name "…"` and `git config user.email …` say who commits'
    return cause


def remote() -> str:
    """The address of the remote as it is written, without the replacements (`insteadOf`) of this machine alone."""
    try:
        return git("config", "--get", f"remote.{REMOTE}.url")
    except Refused:
        raise Refused(f"there is no remote {REMOTE!r}: `git remote add {REMOTE} https://github.com/NAME/REPOSITORY`") from None


def address_of(remote: str) -> str:
    """The https address of a repository, from any form in which git names a remote. Raises Refused for no such form."""
    bare = remote.strip().removesuffix("/").removesuffix(".git")
    found = re.fullmatch(r"(?:https?://|ssh://|git://)?(?:[^@/]+@)?([\w.-]+\.\w+)(?::\d+)?[:/]([\w.-]+(?:/[\w.-]+)+)", bare)
    if not found:
        raise Refused(
            f"the remote {REMOTE!r} is {remote!r}, which is no address that others can clone: "
            f"`git remote set-url {REMOTE} https://github.com/NAME/REPOSITORY`"
        )
    host = {"www.github.com": "github.com", "ssh.github.com": "github.com"}.get(found[1].lower(), found[1].lower())
    if host != "github.com":
        raise Refused(
            f"Colab and Binder open repositories on github.com, and {REMOTE!r} is on {host}: put a copy there, and "
            f"`git remote set-url {REMOTE} https://github.com/NAME/REPOSITORY`"
        )
    return f"https://{host}/{found[2]}"


def write_address(address: str, root: Path = ROOT) -> None:
    """Put `address` into pyproject.toml, the one place it is read from."""
    path = root / PROJECT
    text = path.read_text(encoding="utf-8")
    fresh, count = re.subn(r'^Repository = ".*"$', f'Repository = "{address}"', text, flags=re.M)
    if count != 1:
        raise Refused(f'{PROJECT} has {count} lines `Repository = "…"` where there must be one')
    build.write_text(path, fresh)
    course.project.cache_clear()


def problems(root: Path = ROOT, *, tagged: bool = False) -> list[str]:
    """Every badge, link and clone line that does not lead to a file of this repository; `tagged`: under its tag, as committed."""
    if not course.published():
        return ["the course has no address yet: run `python -m tools.publish`"]
    slug = course.repository().split("/", 3)[-1]
    held = set(git("ls-tree", "-r", "--name-only", course.tag() if tagged else "HEAD", root=root).splitlines())
    found = []
    for path, text in _texts(root):
        where = path.relative_to(root).as_posix()
        for name, tag, target in LINK.findall(text):
            if name != slug:
                found.append(f"{where} opens {name}, and this is {slug}")
            if tag != course.tag():
                found.append(f"{where} opens the tag {tag}, and this is {course.tag()}")
            if target not in held:
                found.append(f"{where} opens {target}, which the repository does not hold")
            if target.startswith("solutions/"):
                found.append(f"{where} opens a solution, {target}")
        for clone in CLONE.findall(text):
            if clone != course.repository():
                found.append(f"{where} clones {clone or 'nothing'}, and this is {course.repository()}")
        for tag in BRANCH.findall(text):
            if tag != course.tag():
                found.append(f"{where} clones the tag {tag}, and this is {course.tag()}")
        if path.suffix == ".ipynb" and not CLONE.search(text):
            found.append(f"{where} clones nothing: its setup cell is missing")
        if path.suffix == ".ipynb" and not LINK.search(text):
            found.append(f"{where} has no badge")
        if course.NOBODY + "/convnet-course" in text:
            found.append(f"{where} still names {course.NOBODY}")
    return found


def _texts(root: Path) -> Iterator[tuple[Path, str]]:
    """The sources of each notebook's cells, the README and the guides."""
    for folder in ("labs", "notebooks", "solutions"):
        for path in sorted((root / folder).glob("*.ipynb")):
            yield path, "\n".join(cell.source for cell in read_notebook(path).cells)
    for path in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        yield path, path.read_text(encoding="utf-8")


def publish(*, push: bool = False) -> str:
    """Write, check, commit and tag; returns the tag. What was tagged before, but not pushed, is only pushed.

    Raises Refused, or SourceError when a notebook is not built.
    """
    if folder := git("rev-parse", "--show-prefix"):
        raise Refused(f"the course lies in {folder} of a larger repository, where badges lead nowhere: give it one of its own")
    if git("status", "--porcelain"):
        raise Refused("there are changes that are not committed: commit or stash them")
    if course.tag() not in git("tag").splitlines():
        _write_and_tag()
    elif git("rev-parse", f"{course.tag()}^{{commit}}") != git("rev-parse", "HEAD") or problems(tagged=True):
        raise Refused(
            f"the tag {course.tag()} exists. If students may have cloned it, raise `version` in {PROJECT}; "
            f"if it was never pushed, `git tag --delete {course.tag()}` and run this again"
        )
    if push:
        try:
            git("push", "--quiet", "--atomic", REMOTE, "HEAD", course.tag())
        except Refused as error:
            raise Refused(
                f"{course.tag()} is written and tagged here, but not pushed ({error}). Mend that, or `git pull`, and run "
                "`python -m tools.publish --push` again"
            ) from None
    return course.tag()


def _write_and_tag() -> None:
    write_address(address_of(remote()))
    try:
        for lesson in lessons():
            build.build(lesson, execute=False)
        build.build_readme()
        found = problems()
        if found:
            raise Refused("\n".join(found))
        if git("status", "--porcelain"):
            git("commit", "--all", "--quiet", "--message", f"The course's address is {course.repository()}")
    except BaseException:
        git("checkout", "HEAD", "--", ".")  # nothing half-written
        raise
    git("tag", course.tag())
    found = problems(tagged=True)
    if found:
        git("tag", "--delete", course.tag())
        raise Refused("\n".join(found))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--push", action="store_true", help=f"push the commit and the tag to {REMOTE}")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a badge or a clone line leads nowhere")
    options = parser.parse_args()
    try:
        if options.check:
            found = problems()
            print("\n".join(found) or f"every badge and clone line leads to {course.repository()} at {course.tag()}")
            return 1 if found else 0
        tag = publish(push=options.push)
    except (Refused, SourceError) as error:
        print(f"Not published: {error}", file=sys.stderr)
        return 1
    if options.push:
        print(f"{course.repository()} is published as {tag}.")
    else:
        print(f"Written, checked and tagged {tag}. What is left is `git push {REMOTE} HEAD {tag}`.")
    return 0
