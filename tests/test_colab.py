"""Level 0: a stock Colab satisfies requirements.txt, and its versions can be read again."""

import datetime
import re

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.test_setup_cell import python, repository  # noqa: F401 (fixtures)
from tools.lesson import ROOT
from tools.run import colab

VERSIONS = colab.pins(colab.VERSIONS.read_text(encoding="utf-8"))
LINES = [line for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]


@pytest.mark.parametrize("line", LINES)
def test_colab_has_what_a_student_needs_without_reinstalling_anything(line):
    needed = Requirement(line)
    version = VERSIONS.get(re.sub(r"[-_.]+", "-", needed.name).lower())
    assert version, f"tools/run/colab.txt does not say which version of {needed.name} Colab has"
    assert needed.specifier.contains(Version(version)), f"Colab has {needed.name} {version}, and would have to change it"


def test_the_file_says_how_old_it_is_and_how_to_renew_it():
    text = colab.VERSIONS.read_text(encoding="utf-8")
    assert re.search(r"as published in \d{4}-\d\d:", text) and "tools.run.colab --renew" in text
    workflow = (ROOT / ".github" / "workflows" / "colab.yml").read_text(encoding="utf-8")
    version = re.search(r"Python (3\.\d+)", text)[1]
    assert f'python-version: "{version}"' in workflow and "python -m tools.run.colab --python python" in workflow


OLD = "# Colab's, as published in 2026-08: the packages.\nnumpy==2.1.3\nIPython==7.34.0\ntensorflow==2.20.0\ngone==1.0\n"
NEW = "absl-py==1.4.0\nnumpy==2.2.0\nipython==7.35.0\nipykernel==6.17.1\ntensorflow==2.21.0\ngit+https://example.org/x\n"


def test_it_is_renewed_from_a_published_list_and_loses_nothing():
    text = colab.renewed(OLD, NEW, datetime.date(2026, 11, 3))
    assert "as published in 2026-11:" in text
    assert colab.pins(text) == {"numpy": "2.2.0", "ipython": "7.35.0", "tensorflow": "2.21.0"}
    assert "# no longer in Colab: gone==1.0" in text
    assert colab.renewed(text, NEW, datetime.date(2026, 11, 3)) == text


def test_a_list_that_is_none_or_cannot_be_had_changes_nothing(tmp_path, monkeypatch):
    place = tmp_path / "colab.txt"
    place.write_text(OLD, encoding="utf-8")
    monkeypatch.setattr(colab, "VERSIONS", place)
    (tmp_path / "page.html").write_text("<h1>404</h1>", encoding="utf-8")
    for address in ((tmp_path / "page.html").as_uri(), (tmp_path / "nothing").as_uri()):
        with pytest.raises(SystemExit, match="The old versions stay"):
            colab.renew(address)
    assert place.read_text(encoding="utf-8") == OLD


def test_a_notebook_is_opened_alone_and_clones_the_course(python, repository, tmp_path):  # noqa: F811
    """The program itself, on a notebook of the setup cell alone; whole notebooks are the workflow's."""
    import nbformat

    from tools import course

    cells = [nbformat.v4.new_code_cell(course.setup_cell()), nbformat.v4.new_code_cell("from utils import check")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "alone.ipynb")
    ran, _, said = colab.open_alone(python, tmp_path / "alone.ipynb", repository)
    assert ran, said
    ran, _, said = colab.open_alone(python, tmp_path / "alone.ipynb", (tmp_path / "nowhere").as_uri())
    assert not ran and said


def test_an_unknown_notebook_is_named(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["colab", "labs/99"])
    with pytest.raises(SystemExit) as end:
        colab.main()
    assert end.value.code == 2 and "no notebook begins with labs/99; there are notebooks/01" in capsys.readouterr().err
