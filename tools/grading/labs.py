"""The labs as they were handed out, and which of a submission's cells are executed."""

import ast
import builtins
import json
import re
import symtable
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tools.lesson import ROOT
from utils.check import Challenge
from utils.notebook.mend import (
    REMEMBERED,
    Mended,
    defined,
    grade_id,
    is_check,
    is_exercise,
    judged,
    mend,
    parsed,
    text,
    without_magic,
)

from .wire import CHALLENGE

FAMILIAR = ("numpy", "scipy.signal", "scipy.stats", "matplotlib.pyplot", "tensorflow", "keras", "sklearn.datasets")


@dataclass(frozen=True)
class Lab:
    """A released lab: its name in `utils.lessons`, the stem of its file, and the notebook."""

    name: str
    stem: str
    notebook: dict = field(hash=False)

    @property
    def exercises(self) -> list[str]:
        return [grade_id(cell) for cell in self.notebook["cells"] if is_exercise(cell)]


def released(folder: Path = ROOT / "labs") -> list[Lab]:
    """All labs in `folder`. Raises FileNotFoundError if there is none."""
    found = []
    for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if any(is_exercise(cell) for cell in notebook["cells"]):
            found.append(Lab(f"lab{path.stem[:2]}", path.stem, notebook))
    if not found:
        raise FileNotFoundError(f"There are no labs in {folder}; run `make build`.")
    return found


def recognize(notebook: dict, labs: Iterable[Lab]) -> Lab | None:
    """The lab that a submission was made from, by its content whatever its name; None if it is none of them."""
    best, most = None, 0.0
    cells = [cell for cell in notebook.get("cells", ()) if isinstance(cell, dict)]
    texts = {text(cell).strip() for cell in cells}
    names = {name for cell in cells for name in (_safe_grade_id(cell), judged(text(cell))[0]) if name}
    names |= {name for cell in cells for name in defined(text(cell))}
    for lab in labs:
        exercises = set(lab.exercises)
        shared = sum(text(cell).strip() in texts for cell in lab.notebook["cells"]) / len(lab.notebook["cells"])
        share = shared + len(exercises & names) / len(exercises)
        if share > most:
            best, most = lab, share
    return best if most >= 0.15 else None


def _safe_grade_id(cell: dict) -> str:
    return grade_id(cell) if isinstance(cell.get("metadata"), dict) else ""


# ---------------------------------------------------------------- what is executed


@dataclass(frozen=True)
class Plan:
    """The cells to execute, in order, and what was mended. A cell: number, kind ("code" or "check"), name, source, exercise,
    answers.
    """

    lab: Lab
    cells: list[dict]
    notes: list[str]
    imports: list[str]

    def sources(self) -> dict[str, str]:
        """Exercise → the student's code that belongs to it."""
        return {cell["exercise"]: cell["source"] for cell in self.cells if cell["kind"] == "code" and cell["exercise"]}

    def own_code(self) -> list[str]:
        """The cells that the student has written or changed."""
        given = {_code(text(cell)) for cell in self.lab.notebook["cells"]}
        return [cell["source"] for cell in self.cells if cell["kind"] == "code" and cell["source"] not in given]


def plan(submitted: dict, lab: Lab, challenge: Challenge | None = None) -> Plan:
    """Mend the submission, and choose: the exercises, their checks, set-up, and whatever else defines a name that these use.

    Figures and training of the lab are left out. With `challenge`, what makes the entry to it takes the place of the checks.
    Raises ValueError if `submitted` is no notebook.
    """
    mended = mend(submitted, lab.notebook)
    originals = {cell.get("id"): cell for cell in lab.notebook["cells"]}
    cells = [_entry(number, cell, origin, originals, lab) for number, (cell, origin) in enumerate(_pairs(mended))]
    if challenge:
        cells = [cell for cell in cells if cell["kind"] != "check"] + _entry_to(challenge, len(cells), lab)
    chosen = {cell["number"] for cell in cells if cell["always"]}
    judged_names = {name for cell in cells for name in cell["answers"]}
    chosen |= {cell["number"] for cell in cells if cell["kind"] == "code" and judged_names & changed(cell["source"])}
    while True:
        missing = _missing([cell for cell in cells if cell["number"] in chosen])
        more = {
            cell["number"]
            for cell in cells
            if cell["number"] not in chosen and cell["kind"] == "code" and cell["defines"] & missing
        }
        if not more:
            break
        chosen |= more
    kept = [{key: cell[key] for key in _KEPT} for cell in cells if cell["number"] in chosen]
    code = "\n".join(cell["source"] for cell in kept if cell["kind"] == "code")
    words = set(re.findall(r"\w+", code))
    return Plan(lab, kept, mended.notes, [module for module in FAMILIAR if module.partition(".")[0] in words])


def _entry_to(challenge: Challenge, number: int, lab: Lab) -> list[dict]:
    """A cell that names the parts of the entry, and the check of them."""
    names = tuple(f"_entry_{i}" for i in range(len(challenge.entry)))
    source = "\n".join(f"{name} = {part}" for name, part in zip(names, challenge.entry, strict=True))
    usual = {"name": f"{lab.stem}, the entry", "always": True, "defines": frozenset()}
    code = {"number": number, "kind": "code", "source": source, "exercise": "", "answers": ()}
    check = {"number": number + 1, "kind": "check", "source": "", "exercise": CHALLENGE, "answers": names}
    return [code | usual | {"defines": frozenset(names)}, check | usual]


_KEPT = ("number", "kind", "name", "source", "exercise", "answers")


def _pairs(mended: Mended):
    return zip(mended.notebook["cells"], mended.origins, strict=True)


def _entry(number: int, cell: dict, origin: str, originals: dict, lab: Lab) -> dict:
    original = originals.get(cell.get("id"))
    tags = cell["metadata"].get("tags") or (original or {}).get("metadata", {}).get("tags", ())
    exercise = grade_id(cell) if origin else ""
    entry = {"number": number, "kind": cell["cell_type"], "source": _code(text(cell)), "exercise": "", "answers": ()}
    entry |= {"name": f"{lab.stem}, cell {number + 1}", "always": False, "defines": frozenset()}
    if cell["cell_type"] != "code":
        return entry
    if origin and is_check(cell):
        name, answers = judged(text(cell))
        return entry | {"kind": "check", "exercise": name, "answers": answers, "always": True}
    if origin and is_exercise(cell):
        return entry | {"exercise": exercise, "name": f"{lab.stem}, {exercise}", "always": True}
    if origin.endswith("-setup"):  # finds or clones the course, which is here
        return entry | {"kind": "skipped"}
    star = "import *" in entry["source"]
    return entry | {"always": (bool(origin) and "setup" in tags) or star, "defines": defined(entry["source"])}


def _code(source: str) -> str:
    """The cell without what only IPython understands; line numbers stay."""
    if source.lstrip().startswith("%%"):
        first, _, rest = source.partition("\n")
        source = ("pass\n" + rest) if first.split()[0] in ("%%time", "%%timeit", "%%capture") else ""
    return without_magic(source)


def _missing(cells: list[dict]) -> set[str]:
    """The names that the cells use and none of them defines."""
    used: set[str] = set()
    present = set(dir(builtins)) | {"display"}
    for cell in cells:
        if cell["kind"] == "check":
            used |= set(cell["answers"])
        else:
            used |= used_names(cell["source"])
            present |= defined(cell["source"])
    return used - present


@lru_cache(REMEMBERED)
def used_names(code: str) -> frozenset[str]:
    """The global names that a cell reads, those inside its functions included; none where it is not Python."""
    try:
        tables = [symtable.symtable(code, "<cell>", "exec")]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    found: set[str] = set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        top = table.get_type() == "module"
        found |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
    return frozenset(found)


@lru_cache(REMEMBERED)
def changed(code: str) -> frozenset[str]:
    """The names that a cell changes in place: `sizes[2] = 3`, `sizes.append(3)`, `n += 1`."""
    tree = parsed(code)
    names = set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            target = node.value.func.value
        elif isinstance(node, ast.AugAssign):
            target = node.target
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], (ast.Subscript, ast.Attribute)):
            target = node.targets[0].value
        else:
            continue
        if isinstance(target, ast.Name):
            names.add(target.id)
    return frozenset(names)
