"""Level 0: a scratch copy with a remote is published: every link right, the build fresh, no notebook executed."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tools import course, publish
from tools.lesson import ROOT, lessons, read_notebook

ADDRESS = "https://github.com/someone/their-course"


def run(folder, *words, **environment):
    settings = {k: v for k, v in os.environ.items() if not k.startswith(("COURSE_", "PYTHONPATH"))} | environment
    return subprocess.run(words, cwd=folder, env=settings, capture_output=True, text=True, encoding="utf-8")


def git(folder, *words):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = run(folder, "git", *identity, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def python(folder, *words, **environment):
    return run(folder, sys.executable, *words, **environment)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The project as it stands, in a repository of its own whose remote is a repository on this machine."""
    place = tmp_path_factory.mktemp("fork")
    listed = run(ROOT, "git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.splitlines()
    names = listed or [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()]
    for name in names:
        if (ROOT / name).is_file() and not name.startswith((".venv", "build/")):
            (place / "desk" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / "desk" / name)
    subprocess.run(["git", "init", "--quiet", "--bare", place / "remote.git"], check=True)
    desk = place / "desk"
    git(desk, "init", "--quiet", "--initial-branch", "main")
    whose = {"user.name": "t", "user.email": "t@example.org", "commit.gpgsign": "false"}
    quick = {"core.compression": "0", "pack.window": "0"}  # to press 30 MB of pictures takes seconds each time
    for name, value in (whose | quick).items():
        git(desk, "config", name, value)
    git(desk, "remote", "add", "origin", "git@github.com:someone/their-course.git")
    git(desk, "config", f"url.{(place / 'remote.git').as_uri()}.insteadOf", "git@github.com:someone/their-course.git")
    text = (desk / "pyproject.toml").read_text(encoding="utf-8")
    fresh = re.sub(r'^Repository = ".*"$', f'Repository = "https://github.com/{course.NOBODY}/convnet-course"', text, flags=re.M)
    (desk / "pyproject.toml").write_text(fresh, encoding="utf-8")
    git(desk, "add", ".")
    git(desk, "commit", "--quiet", "--message", "as copied")
    if course.published():  # whatever this checkout's own address is, a copy begins without one
        done = python(desk, "-m", "tools.build", "--keep")
        assert done.returncode == 0, done.stderr
        git(desk, "commit", "--quiet", "--all", "--message", "without an address")
    return desk


@pytest.fixture(scope="module")
def published(original, tmp_path_factory):
    """The same, published."""
    before = outputs(original)
    done = python(original, "-m", "tools.publish", "--push")
    assert done.returncode == 0, done.stderr
    assert outputs(original) == before, "a notebook was executed"
    return original


# What is asked of the copy, once it is published, in one process: each by itself would import the tools anew.
QUESTIONS = """
import contextlib, io, json, pathlib, subprocess, sys
from tools import build, publish
from tools.site import book

def ask(program, *words):
    said, sys.argv = io.StringIO(), ["", *words]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        return program.main(), said.getvalue()

def git(*words):
    subprocess.run(["git", *words], check=True)

answers = {"build": ask(build, "--check"), "check": ask(publish, "--check")}
git("config", "remote.origin.pushurl", "/nowhere")
answers["unreachable"] = ask(publish, "--push")
git("config", "--unset", "remote.origin.pushurl")
answers["again"] = ask(publish, "--push")
git("commit", "--quiet", "--allow-empty", "--message", "more")
answers["moved"] = ask(publish)
git("reset", "--quiet", "--soft", "HEAD~1")
added = pathlib.Path("added.txt")
added.touch()
answers["changed"] = ask(publish)
added.unlink()
options = book.settings()["html_theme_options"]
print(json.dumps(answers | {"site": (options["repository_url"], options["repository_branch"])}))
"""


@pytest.fixture(scope="module")
def answers(published):
    """Question → (exit status, what is printed); for the site the address and the tag that its buttons open."""
    done = python(published, "-c", QUESTIONS)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def outputs(folder):
    found = {}
    for path in sorted(folder.glob("*/*.ipynb")):
        notebook = read_notebook(path)
        found[path.name, path.parent.name] = (notebook.metadata.get("course"), [cell.get("outputs") for cell in notebook.cells])
    return found


def test_before_it_there_is_no_dead_badge_and_one_line_says_what_to_do(original):
    done = run(original, "git", "show", "HEAD~1:README.md") if git(original, "tag") else run(original, "cat", "README.md")
    assert "colab.research.google.com" not in done.stdout and done.stdout.count("python -m tools.publish") == 1
    first = git(original, "rev-list", "--max-parents=0", "HEAD")
    badges = run(
        original, "git", "grep", "--files-with-matches", "colab-badge", first, "--", *{each.student_path for each in lessons()}
    )
    assert badges.stdout == "" or course.published()


def test_every_link_is_the_forks_and_leads_to_a_file_under_the_tag(published):
    held = set(git(published, "ls-tree", "-r", "--name-only", course.tag()).splitlines())
    readme = (published / "README.md").read_text(encoding="utf-8")
    texts = [readme, *(read_notebook(path).cells[0].source for path in published.glob("*/*.ipynb"))]
    links = [link for text in texts for link in re.findall(r"\((https://colab\.[^)]*/github/[^)]*)\)", text)]
    labs = sum(lesson.is_lab for lesson in lessons())
    assert len(links) == 2 * len(lessons()) + labs  # the README, each notebook, and each solution, whose badge opens its lab
    for link in links:
        head, path = link.split(f"/blob/{course.tag()}/")
        assert head.endswith("/github/someone/their-course") and path in held and not path.startswith("solutions/")
    assert "tools.publish" not in readme and course.NOBODY not in readme


def test_afterwards_the_build_is_fresh_and_the_check_is_green(published, answers):
    for question in ("build", "check"):
        status, said = answers[question]
        assert status == 0, said
    assert git(published, "status", "--porcelain") == ""


def test_the_remote_has_the_tag_and_a_notebook_alone_clones_it(published, tmp_path):
    remote = (published.parent / "remote.git").as_uri()
    assert git(published, "ls-remote", remote, "refs/tags/*").endswith(f"refs/tags/{course.tag()}")
    lab = next(lesson for lesson in lessons() if lesson.is_lab).student_path
    setup = next(cell for cell in read_notebook(published / lab).cells if cell.id.endswith("setup")).source
    replaced = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{remote}.insteadOf", "GIT_CONFIG_VALUE_0": ADDRESS}
    done = python(tmp_path, "-c", setup, **replaced)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "convnet-course" / "utils" / "check" / "__init__.py").exists()


def test_a_tag_is_never_moved(answers):
    status, said = answers["moved"]
    assert status == 1 and "raise `version`" in said


def test_what_was_not_pushed_is_pushed_by_the_same_command(answers):
    status, said = answers["unreachable"]
    assert status == 1 and "tagged here, but not pushed" in said and "/nowhere" in said and "hint" not in said
    status, said = answers["again"]
    assert status == 0, said


def test_a_course_in_a_folder_of_a_larger_repository_is_refused(monkeypatch):
    monkeypatch.setattr(publish, "git", lambda *words, **_: "course/" if "--show-prefix" in words else "")
    with pytest.raises(publish.Refused, match="larger repository"):
        publish.publish()


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("fatal: unable to access 'x': Could not resolve host\nPlease make sure\nand the repository exists.", "resolve host"),
        (" ! [rejected] HEAD -> main (fetch first)\nerror: failed to push\nhint: Updates were rejected", r"\[rejected\]"),
        ("fatal: not a git repository (or any of the parent directories): .git", "from a zip"),
        ("\n*** Please tell me who you are.\n\nfatal: unable to auto-detect email address", "user.email"),
        ("", "failed"),
    ],
)
def test_of_what_git_says_the_cause_is_told(said, cause, monkeypatch):
    done = subprocess.CompletedProcess([], 1, stdout="", stderr=said)
    monkeypatch.setattr(publish.subprocess, "run", lambda *_, **__: done)
    with pytest.raises(publish.Refused, match=cause) as refused:
        publish.git("push")
    assert "hint" not in str(refused.value) and "\n" not in str(refused.value)


def test_what_is_not_committed_is_not_published(answers):
    status, said = answers["changed"]
    assert status == 1 and "changes that are not committed" in said


def test_the_site_of_a_fork_has_buttons_on_its_tag(answers):
    assert answers["site"] == [ADDRESS, course.tag()]


def test_a_broken_badge_is_found(published, monkeypatch):
    """Each of these faults in a notebook of its own: all are found at once."""
    monkeypatch.setattr(course, "repository", lambda: ADDRESS)
    assert publish.problems(published) == []
    mine = f"blob/{course.tag()}/"
    faults = {
        "does not hold": (rf"{mine}\S+?\.ipynb", f"{mine}notebooks/gone.ipynb"),
        "opens the tag v0": (mine, "blob/v0/"),
        "opens a solution": (rf"{mine}\S+?\.ipynb", f"{mine}solutions/01_convolution_by_hand.ipynb"),
        "clones https://github.com/other/course": (ADDRESS, "https://github.com/other/course"),
        "opens other/course": ("someone/their-course", "other/course"),
        "has no badge": ("https://colab.research", "https://elsewhere"),
    }
    paths = [published / lesson.student_path for lesson in lessons()]
    good = {path: path.read_text(encoding="utf-8") for path in paths[: len(faults)]}
    try:
        for (path, text), (pattern, wrong) in zip(good.items(), faults.values(), strict=True):
            path.write_text(re.sub(pattern, wrong, text), encoding="utf-8")
        found = publish.problems(published)
        for path, said in zip(good, faults, strict=True):
            where = path.relative_to(published).as_posix()
            assert any(said in problem and problem.startswith(where) for problem in found), (where, said, found)
    finally:
        for path, text in good.items():
            path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/someone/their-course",
        "https://github.com/someone/their-course.git",
        "https://name:token@github.com/someone/their-course.git",
        "git@github.com:someone/their-course.git",
        "ssh://git@github.com:22/someone/their-course",
        "ssh://git@ssh.github.com:443/someone/their-course.git",
        "https://GitHub.com/someone/their-course",
    ],
)
def test_any_form_of_a_remote_gives_the_address_and_no_secret(remote):
    assert publish.address_of(remote) == ADDRESS


@pytest.mark.parametrize("remote", ["", "/srv/course.git", "../course", "file:///srv/course"])
def test_a_remote_that_others_cannot_clone_is_refused(remote):
    with pytest.raises(publish.Refused, match="git remote set-url origin"):
        publish.address_of(remote)


def test_a_remote_that_colab_cannot_open_is_refused():
    with pytest.raises(publish.Refused, match="on github.com, and 'origin' is on gitlab.com"):
        publish.address_of("https://gitlab.com/someone/their-course.git")


def test_the_workflow_is_started_by_hand_and_runs_this_program():
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    assert "workflow_dispatch" in text and "push:" not in text.split("jobs:")[0]
    assert "python -m tools.publish --push" in text and "python -m tools.site" in text and "deploy-pages" in text
