"""Level 0: a scratch copy with a remote is published: every link right, the build fresh, no notebook executed."""

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
    for name, value in {"user.name": "t", "user.email": "t@example.org", "commit.gpgsign": "false"}.items():
        git(desk, "config", name, value)
    git(desk, "remote", "add", "origin", "git@github.com:someone/their-course.git")
    git(desk, "config", f"url.{(place / 'remote.git').as_uri()}.insteadOf", "git@github.com:someone/their-course.git")
    text = (desk / "pyproject.toml").read_text(encoding="utf-8")
    fresh = re.sub(r'^Repository = ".*"$', f'Repository = "https://github.com/{course.NOBODY}/convnet-course"', text, flags=re.M)
    (desk / "pyproject.toml").write_text(fresh, encoding="utf-8")
    git(desk, "add", ".")
    git(desk, "commit", "--quiet", "--message", "as copied")
    done = python(desk, "-m", "tools.build", "--keep")  # whatever this checkout's own address is, a copy begins without one
    assert done.returncode == 0, done.stderr
    if git(desk, "status", "--porcelain"):
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
    for lesson in lessons():
        assert "colab-badge" not in git(original, "show", f"{first}:{lesson.student_path}") or course.published()


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


def test_afterwards_the_build_is_fresh_and_the_check_is_green(published):
    for command in (["-m", "tools.build", "--check"], ["-m", "tools.publish", "--check"]):
        done = python(published, *command)
        assert done.returncode == 0, done.stdout + done.stderr
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


def test_a_tag_is_never_moved(published):
    done = python(published, "-m", "tools.publish")
    assert done.returncode == 1 and "raise `version`" in done.stderr


def test_the_site_of_a_fork_has_buttons_on_its_tag(published):
    code = (
        "from tools.site import book; o = book.settings()['html_theme_options']; "
        "print(o['repository_url'], o['repository_branch'])"
    )
    assert python(published, "-c", code).stdout.split() == [ADDRESS, course.tag()]


def test_a_broken_badge_is_found(published, monkeypatch):
    monkeypatch.setattr(course, "repository", lambda: ADDRESS)
    assert publish.problems(published) == []
    lecture = next(lesson for lesson in lessons() if not lesson.is_lab)
    path = published / lecture.student_path
    text = path.read_text(encoding="utf-8")
    mine = f"blob/{course.tag()}/{lecture.student_path}"
    wrongs = {
        "does not hold": text.replace(mine, f"blob/{course.tag()}/notebooks/gone.ipynb"),
        "opens the tag v0": text.replace(mine, f"blob/v0/{lecture.student_path}"),
        "opens a solution": text.replace(mine, f"blob/{course.tag()}/solutions/01_convolution_by_hand.ipynb"),
        "clones https://github.com/other/course": text.replace(ADDRESS, "https://github.com/other/course"),
        "opens other/course": text.replace("someone/their-course", "other/course"),
        "has no badge": text.replace("https://colab.research", "https://elsewhere"),
    }
    try:
        for said, wrong in wrongs.items():
            path.write_text(wrong, encoding="utf-8")
            assert any(said in problem and lecture.student_path in problem for problem in publish.problems(published)), said
        done = python(published, "-m", "tools.publish")
        assert done.returncode == 1 and "changes that are not committed" in done.stderr
    finally:
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/someone/their-course",
        "https://github.com/someone/their-course.git",
        "https://name:token@github.com/someone/their-course.git",
        "git@github.com:someone/their-course.git",
        "ssh://git@github.com:22/someone/their-course",
    ],
)
def test_any_form_of_a_remote_gives_the_address_and_no_secret(remote):
    assert publish.address_of(remote) == ADDRESS


@pytest.mark.parametrize("remote", ["", "/srv/course.git", "../course", "file:///srv/course"])
def test_a_remote_that_others_cannot_clone_is_refused(remote):
    with pytest.raises(publish.Refused, match="git remote set-url origin"):
        publish.address_of(remote)


def test_the_workflow_is_started_by_hand_and_runs_this_program():
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    assert "workflow_dispatch" in text and "push:" not in text.split("jobs:")[0]
    assert "python -m tools.publish --push" in text and "python -m tools.site" in text and "deploy-pages" in text
