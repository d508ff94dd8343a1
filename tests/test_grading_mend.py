"""Level 1: submissions as students make them are put right: every answer is where its check looks for it."""

import copy
import json

import pytest

from tools import build
from tools.lesson import ROOT, lessons
from utils.notebook.mend import defined, is_check, mend, text, without_magic

LESSON = next(lesson for lesson in lessons() if lesson.is_lab)
ANSWERS = {task.name: task.cell.source for task in LESSON.tasks}


@pytest.fixture(scope="module")
def lab():
    return json.loads(build.text_of(build.lab(build.notebook(LESSON))))


@pytest.fixture
def solved(lab):
    notebook = copy.deepcopy(lab)
    for cell in notebook["cells"]:
        if name(cell) in ANSWERS:
            cell["source"] = ANSWERS[name(cell)].splitlines(keepends=True)
    return notebook


def name(cell) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def at(notebook, wanted: str) -> int:
    return next(i for i, cell in enumerate(notebook["cells"]) if name(cell) == wanted)


def delete_checks(cells):
    cells[:] = [cell for cell in cells if not is_check(cell)]


def delete_setup(cells):
    cells[:] = [cell for cell in cells if "setup" not in cell["metadata"].get("tags", ())]


def delete_all_but_answers(cells):
    cells[:] = [cell for cell in cells if name(cell) in ANSWERS]


def duplicate_every_cell(cells):
    cells[:] = [copy.deepcopy(cell) for cell in cells for _ in range(2)]


def reverse(cells):
    cells.reverse()


def checks_first(cells):
    cells.sort(key=lambda cell: not is_check(cell))


def setup_last(cells):
    cells.sort(key=lambda cell: "setup" in cell["metadata"].get("tags", ()))


def markdown(cells, fence=False):
    for cell in cells:
        if name(cell):
            source = text(cell)
            cell["source"] = f"```python\n{source}\n```" if fence else source
            cell["cell_type"] = "markdown"
            cell.pop("outputs")
            cell.pop("execution_count")


def fenced_markdown(cells):
    markdown(cells, fence=True)


def raw(cells):
    for cell in cells:
        if is_check(cell):
            cell["cell_type"] = "raw"


def no_metadata(cells):
    for cell in cells:
        cell["metadata"] = {}


def no_ids_no_metadata(cells):
    no_metadata(cells)
    for cell in cells:
        del cell["id"]


def null_metadata(cells):
    for cell in cells:
        cell["metadata"] = None


def edited_checks(cells):
    for cell in cells:
        if is_check(cell):
            cell["source"] = 'print("right")'


def commented_checks(cells):
    for cell in cells:
        if is_check(cell):
            cell["source"] = "# " + text(cell)


def same_id_everywhere(cells):
    for cell in cells:
        cell["id"] = "a"


CHANGES = [
    delete_checks,
    delete_setup,
    delete_all_but_answers,
    duplicate_every_cell,
    reverse,
    checks_first,
    setup_last,
    markdown,
    fenced_markdown,
    raw,
    no_metadata,
    no_ids_no_metadata,
    null_metadata,
    edited_checks,
    commented_checks,
    same_id_everywhere,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_the_lab_with_its_answers_comes_out(lab, solved, change):
    before = [text(cell) for cell in solved["cells"] if cell["cell_type"] == "code"]
    change(solved["cells"])
    submitted = copy.deepcopy(solved)
    mended = mend(solved, lab)
    assert solved == submitted, "the submission itself was changed"
    code = [
        cell
        for cell, origin in zip(mended.notebook["cells"], mended.origins, strict=True)
        if cell["cell_type"] == "code" and origin
    ]
    assert [text(cell) for cell in code] == before
    assert [name(cell) for cell in code] == [name(cell) for cell in lab["cells"] if cell["cell_type"] == "code"]
    ids = [cell["id"] for cell in mended.notebook["cells"] if "id" in cell]
    assert len(ids) == len(set(ids))
    again = mend(mended.notebook, lab)
    assert again.notebook["cells"] == mended.notebook["cells"], "what is mended needs no mending"


def test_an_untouched_submission_is_left_alone(lab, solved):
    mended = mend(solved, lab)
    assert mended.notes == []
    assert [text(cell) for cell in mended.notebook["cells"]] == [text(cell) for cell in solved["cells"]]


def test_a_copy_that_holds_an_answer_counts_wherever_the_empty_one_stands(lab, solved):
    for place in (0, len(solved["cells"])):
        cells = copy.deepcopy(solved["cells"])
        stub = copy.deepcopy(lab["cells"][at(lab, "correlate")])
        cells.insert(place, stub)
        mended = mend({**solved, "cells": cells}, lab)
        found = [
            text(cell) for cell in mended.notebook["cells"] if "def correlate(" in text(cell) and cell["cell_type"] == "code"
        ]
        assert found == [ANSWERS["correlate"]]


@pytest.mark.parametrize("gone", [True, False])
@pytest.mark.parametrize("offset", [-1, 1, 2, 7])
def test_an_answer_in_a_cell_of_its_own_is_found(lab, solved, gone, offset):
    cells = copy.deepcopy(solved["cells"])
    place = at(solved, "pool")
    own = {"cell_type": "code", "metadata": {}, "source": ANSWERS["pool"], "outputs": [], "execution_count": None, "id": "own"}
    cells[place] = copy.deepcopy(lab["cells"][at(lab, "pool")])
    cells.insert(place + offset, own)
    if gone:
        cells = [cell for cell in cells if name(cell) != "pool"]
    mended = mend({**solved, "cells": cells}, lab)
    place = at(mended.notebook, "check-pool")
    assert text(mended.notebook["cells"][place - 1]) == ANSWERS["pool"]


def test_a_helper_between_answer_and_check_stays_there(lab, solved):
    place = at(solved, "check-pool")
    helper = {
        "cell_type": "code",
        "metadata": {},
        "source": "def helper():\n    return 1",
        "outputs": [],
        "execution_count": None,
    }
    solved["cells"].insert(place, helper)
    mended = mend(solved, lab)
    place = at(mended.notebook, "check-pool")
    assert text(mended.notebook["cells"][place - 1]) == helper["source"]
    assert mended.origins[place - 1] == ""


@pytest.mark.parametrize("broken", [None, [], {}, {"cells": 3}, {"cells": None}])
def test_what_is_no_notebook_is_refused(lab, broken):
    with pytest.raises(ValueError, match="no notebook"):
        mend(broken, lab)


def test_odd_cells_are_no_obstacle(lab, solved):
    solved["cells"] += [3, None, {}, {"cell_type": "code", "source": "def f(:", "metadata": {}}, {"cell_type": "code"}]
    mended = mend(solved, lab)
    assert at(mended.notebook, "check-pool")


def test_names_that_a_cell_defines():
    assert defined("import a.b as c, d.e\nx, (y, *z) = 1, (2,)\nfor i in (): pass\ndef f(): q = 1\n%time\nclass K: pass") == {
        "c", "d", "x", "y", "z", "i", "f", "K"
    }  # fmt: skip
    assert defined("def f(:") == set()


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if x:\n    %time f()\nelse:\n    !ls (it's", "if x:\n    pass\nelse:\n    pass"),
        ("np.pad?\n?np.pad\nx", "pass\npass\nx"),
        ("files = !ls\nt = %timeit -o f()\nx", "pass\npass\nx"),
        ("!pip install \\\n  numpy\nx", "pass\n\nx"),
        ("x = (7\n     % 4)\n%time x", "x = (7\n     % 4)\npass"),
        ("x = 7 \\\n  % 4", "x = 7 \\\n  % 4"),
        ("s = '''(\n%d'''\nt = '(' # (\n%time t", "s = '''(\n%d'''\nt = '(' # (\npass"),
    ],
)
def test_a_line_is_magic_only_where_a_statement_begins(cell, python):
    assert without_magic(cell) == python


def test_python_is_no_magic():
    for path in (ROOT / "utils").rglob("*.py"):
        assert without_magic(source := path.read_text(encoding="utf-8")) == source, path
