"""Mend a submission from the lab that was handed out: students delete, copy, move and convert cells, and tools drop metadata.

`mend` puts the lab's code cells back into their order, each with the student's text where there is one. Whatever a student
added stays, behind the cell that it followed. Check lines are restored to the letter. Notebooks are dictionaries in nbformat 4,
as `json` reads them; nothing but the standard library is needed, so a grader can use this wherever the course is installed.
"""

import ast
import copy
import difflib
import re
from dataclasses import dataclass, field
from functools import lru_cache

ALIKE = 0.6  # a changed cell of the lab shares this much of its text with the original
REMEMBERED = 4096  # sources whose names are kept: a class hands in the lab's own cells over and over
# A line that only IPython understands, with those that a backslash joins to it.
_MAGIC = re.compile(
    r"(?P<indent>[ \t]*)(?:[%!?]|[\w.]+\?\??[ \t]*(?=\n|\Z)|\w[\w, \t]*=[ \t]*[%!])(?:\\\n|[^\n])*",
)
# What other code is made of: strings, comments, joined lines, and what lies between; brackets and ends of lines come singly.
_PIECE = re.compile(
    r"""(?P<quotes>\"{3}|'{3})(?:\\.|[^\\])*?(?:(?P=quotes)|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|\#[^\n]*|\\\n|"""
    r"""[^\n"'\#\\()\[\]{}]+|.""",
    flags=re.DOTALL,
)
_DEEPER = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


@dataclass
class Mended:
    """The mended notebook, what was mended, and for each cell the `identity` of the lab's cell; "" for a student's own."""

    notebook: dict
    origins: list[str]
    notes: list[str] = field(default_factory=list)


def mend(submitted: dict, released: dict) -> Mended:
    """`submitted` with the cells of `released` that were deleted, moved, copied, converted or stripped of metadata put right.

    Neither is changed. Raises ValueError if `submitted` is no notebook.
    """
    if not isinstance(submitted, dict) or not isinstance(submitted.get("cells"), list):
        raise ValueError("This is no notebook: it has no list of cells.")
    cells = [copy.deepcopy(cell) for cell in submitted["cells"] if isinstance(cell, dict) and "cell_type" in cell]
    for cell in cells:
        cell["source"] = text(cell)
        if not isinstance(cell.get("metadata"), dict):
            cell["metadata"] = type(cell)()
    lab = [cell for cell in released["cells"]]
    found, notes = _matched(cells, lab)
    result, origins = [], []
    taken = {at: number for number, at in found.items()}
    followers = _followers(cells, taken, lab, notes)
    for cell in followers[-1]:
        result.append(cell)
        origins.append("")
    present = set().union(*(defined(text(c)) for group in followers.values() for c in group if c["cell_type"] == "code"), set())
    for number, original in enumerate(lab):
        restored = _restored(cells[found[number]] if number in found else None, original, notes, present)
        if restored is not None:
            result.append(restored)
            origins.append(identity(original))
        for cell in followers[number]:
            result.append(cell)
            origins.append("")
    order = [found[number] for number in sorted(found)]
    if order != sorted(order):
        notes.append("Moved cells stand in the lab's order again.")
    notebook = copy.copy(submitted)
    notebook["cells"] = result
    _unique_ids(result)
    return Mended(notebook, origins, list(dict.fromkeys(notes)))


def text(cell: dict) -> str:
    """The cell's source as one string; files may hold a list of lines."""
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def grade_id(cell: dict) -> str:
    """The name that nbgrader knows the cell by; "" for none."""
    entry = cell.get("metadata", {}).get("nbgrader")
    return str(entry.get("grade_id", "")) if isinstance(entry, dict) else ""


def is_check(cell: dict) -> bool:
    entry = cell.get("metadata", {}).get("nbgrader")
    return isinstance(entry, dict) and bool(entry.get("grade"))


def is_exercise(cell: dict) -> bool:
    entry = cell.get("metadata", {}).get("nbgrader")
    return isinstance(entry, dict) and bool(entry.get("solution"))


def identity(cell: dict) -> str:
    return grade_id(cell) or str(cell.get("id", "")) or text(cell)[:80]


@lru_cache(REMEMBERED)
def judged(check_line: str) -> tuple[str, tuple[str, ...]]:
    """(exercise, names of the judged variables) of a line `check.answer("exercise", a, b)`; ("", ()) for any other text."""
    try:
        line = ast.parse(check_line.strip(), mode="eval").body
        if ast.unparse(line.func) != "check.answer":
            return "", ()
        return line.args[0].value, tuple(each.id for each in line.args[1:])
    except (SyntaxError, ValueError, AttributeError, IndexError, RecursionError, MemoryError):
        return "", ()


@lru_cache(REMEMBERED)
def defined(code: str) -> frozenset[str]:
    """The names that a cell assigns, defines or imports at its top level; none where it is not Python."""
    tree = parsed(code)
    names: set[str] = set()
    for node in tree.body if tree else ():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        else:
            names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return frozenset(names)


def parsed(code: str) -> ast.Module | None:
    """The syntax tree of a cell, its magic lines left out; None where it is not Python."""
    try:
        return ast.parse(without_magic(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(REMEMBERED)
def without_magic(code: str) -> str:
    """The cell with what only IPython understands, `%magic`, `!command`, `name?` and `x = !command`, replaced by `pass`.

    Line numbers stay. Only a line that begins a statement can be magic: `% 2` inside brackets is a remainder.
    """
    kept, at, depth, begins = [], 0, 0, True
    while at < len(code):
        magic = _MAGIC.match(code, at) if begins else None
        found = magic or _PIECE.match(code, at)
        piece, at = found[0], found.end()
        kept.append(f"{magic['indent']}pass" + "\n" * piece.count("\n") if magic else piece)
        depth = max(0, depth + _DEEPER.get(piece, 0))
        begins = piece == "\n" and depth == 0
    return "".join(kept)


# ---------------------------------------------------------------- which cell is which


def _matched(cells: list, lab: list) -> tuple[dict[int, int], list[str]]:
    """(number in the lab → in the submission, notes): by grade id, cell id, text, defined names, and likeness, in turn."""
    found: dict[int, int] = {}
    free = dict.fromkeys(range(len(cells)))
    notes: list[str] = []

    def take(number: int, at: int) -> None:
        found[number] = at
        free.pop(at)

    for number, original in enumerate(lab):
        name = grade_id(original)
        same_name = [at for at in free if name and grade_id(cells[at]) == name]
        if same_name:
            written = [at for at in same_name if text(cells[at]).strip() != text(original).strip()]
            take(number, (written or same_name)[-1] if not is_check(original) else same_name[-1])
            if len(same_name) > 1:
                notes.append(f"{name}: one of {len(same_name)} copies counts, the last that holds an answer.")
    for by in (lambda cell: cell.get("id"), lambda cell: text(cell).strip()):
        for number, original in enumerate(lab):
            if number not in found and by(original):
                at = next((at for at in free if by(cells[at]) == by(original) and not grade_id(cells[at])), None)
                if at is not None:
                    take(number, at)
    _answers_elsewhere(cells, lab, found, free, notes, take)
    for number, original in enumerate(lab):
        if number not in found and original["cell_type"] == "code" and not is_check(original) and not is_exercise(original):
            rated = [(_likeness(cells[at], original), at) for at in free if cells[at]["cell_type"] == "code"]
            if rated and max(rated)[0] >= ALIKE:
                take(number, max(rated)[1])
    return found, notes


def _answers_elsewhere(cells, lab, found, free, notes, take) -> None:
    """An exercise whose own cell is gone or still the stub is answered by the last other cell that defines what is judged."""
    for number, original in enumerate(lab[:-1]):
        names = set(judged(text(lab[number + 1]))[1])
        if not is_exercise(original) or not names:
            continue
        unanswered = number not in found or text(cells[found[number]]).strip() == text(original).strip()
        others = [at for at in free if not grade_id(cells[at]) and names <= defined(text(cells[at]))]
        if unanswered and others:
            if number in found:
                free[found.pop(number)] = None
            take(number, others[-1])
            notes.append(f"{grade_id(original)}: the answer was found in another cell.")


def _likeness(cell: dict, original: dict) -> float:
    one, other = text(cell), text(original)
    if 2 * min(len(one), len(other)) < ALIKE * (len(one) + len(other)):  # the most that they can share
        return 0.0
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= ALIKE else 0.0


# ---------------------------------------------------------------- putting together


def _followers(cells: list, taken: dict[int, int], lab: list, notes: list[str]) -> dict[int, list]:
    """Number in the lab → the student's own cells behind it, -1 for those before any. Copied stubs and checks are dropped."""
    originals = {text(cell).strip() for cell in lab if is_check(cell) or is_exercise(cell)}
    followers: dict[int, list] = {number: [] for number in range(-1, len(lab))}
    last = -1
    for at, cell in enumerate(cells):
        if at in taken:
            last = taken[at]
        elif text(cell).strip() in originals or judged(text(cell))[0]:
            notes.append("Copies of check lines and empty exercises are left out.")
        else:
            cell["metadata"].pop("nbgrader", None)
            followers[last].append(cell)
    return followers


def _restored(cell: dict | None, original: dict, notes: list[str], present: set[str]) -> dict | None:
    """The student's cell with the lab's kind and metadata, or the lab's own; None for prose that was deleted."""
    name = grade_id(original)
    if cell is None:
        if original["cell_type"] != "code":
            return None
        notes.append(f"{name or 'A cell of the lab'}: was deleted, and is restored.")
        return _fresh(original)
    if is_check(original):
        if cell["cell_type"] != "code" or text(cell).strip() != text(original).strip():
            notes.append(f"{name}: was changed, and is restored.")
        return _fresh(original)
    if original["cell_type"] == "code" and cell["cell_type"] != "code":
        notes.append(f"{name or 'A cell of the lab'}: was turned to {cell['cell_type']}, and is code again.")
        restored = _fresh(original)
        restored["source"] = unfenced(text(cell))
        return restored
    cell["cell_type"] = original["cell_type"]
    if name:
        cell["metadata"]["nbgrader"] = copy.deepcopy(original["metadata"]["nbgrader"])
    return cell


def unfenced(source: str) -> str:
    """Code that was pasted into markdown, without the ``` lines around it."""
    lines = source.strip().split("\n")
    fenced = len(lines) > 1 and lines[0].startswith("```") and lines[-1].strip() == "```"
    return "\n".join(lines[1:-1]) if fenced else source


def _fresh(original: dict) -> dict:
    cell = copy.deepcopy(original)
    cell["source"] = text(original)
    if cell["cell_type"] == "code":
        cell["outputs"], cell["execution_count"] = [], None
    return cell


def _unique_ids(cells: list) -> None:
    """Give the second of two cells with one id another; nbformat allows each id once."""
    seen: set[str] = set()
    for number, cell in enumerate(cells):
        if "id" in cell and cell["id"] in seen:
            cell["id"] = f"{cell['id'][:50]}-{number}"
        seen.add(cell.get("id", ""))
