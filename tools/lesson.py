"""A lesson's source: a jupytext percent script, its cells with their lines, its exercises and their checks."""

import ast
import hashlib
import importlib
import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from utils import FRONT
from utils.notebook.mend import without_magic

ROOT = Path(__file__).resolve().parent.parent
RANGES = ROOT / "tests" / "ranges"  # what each figure may be, a file a lesson
STRICT = {"COURSE_STRICT": "1", "COURSE_RANGES": str(RANGES)}  # how CI and the build execute a lesson

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
SLIDES = ("slide", "subslide", "fragment", "skip", "notes")  # marks in a source that become slideshow metadata
TAGS = {
    "setup": "defines what exercises need; the checks' own tests execute it before an exercise",
    "solution-only": "an instructor's cell, taken out of the lab",
    "nbval-check-output": "its output is compared when CI executes the notebook",
    "hide-input": "the code is folded away in HTML and slides",
} | {mark: "slideshow" for mark in SLIDES}


class SourceError(Exception):
    """A mistake in a lesson's source, told as `file:line: what and how to mend it`."""

    def __init__(self, path: Path, line: int, message: str):
        super().__init__(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{line}: {message}")


def solution_regions(source: str) -> list[tuple[bool, list[str]]]:
    """For each solution in a cell: whether it stands inside a function, and the names that it assigns at the top level."""
    regions = re.findall(rf"^( *){BEGIN}\n(.*?)^ *{END}", source, flags=re.S | re.M)
    return [(bool(indent), [] if indent else _assigned(body)) for indent, body in regions]


def _assigned(code: str) -> list[str]:
    targets = [t for node in ast.parse(code).body if isinstance(node, ast.Assign) for t in node.targets]
    flat = [element for target in targets for element in getattr(target, "elts", [target])]
    return list(dict.fromkeys(name.id for name in flat if isinstance(name, ast.Name)))


@dataclass(frozen=True)
class Cell:
    """One cell of the source and the line its text begins at."""

    kind: str  # "code" or "markdown"
    source: str
    tags: tuple[str, ...]
    line: int

    @property
    def is_exercise(self) -> bool:
        return self.kind == "code" and (BEGIN in self.source or END in self.source)

    @cached_property
    def check(self) -> tuple[str, tuple[str, ...]] | None:
        """(exercise, names of the judged variables) when the cell is a check line, else None."""
        if self.kind != "code" or "check.answer(" not in self.source:
            return None
        try:
            call = ast.parse(self.source.strip(), mode="eval").body
            name, *answers = call.args
            return name.value, tuple(answer.id for answer in answers)
        except (SyntaxError, AttributeError, ValueError):
            return "", ()


@dataclass(frozen=True)
class Task:
    """An exercise: its cell, the check line after it, and the exercise's name in `utils/lessons`."""

    name: str
    answers: tuple[str, ...]
    cell: Cell
    check: Cell


@dataclass
class Lesson:
    path: Path
    cells: list[Cell] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "Lesson":
        """Parse and verify the source at `path`. Raises SourceError with file and line."""
        path = Path(path).resolve()
        text = path.read_text(encoding="utf-8")
        import jupytext  # takes two seconds, which a program that reads no lesson shall not wait

        notebook = jupytext.reads(text, fmt="py:percent")
        starts = [i for i, line in enumerate(text.splitlines(), start=1) if re.match(r"# %%( |$)", line)]
        if len(starts) != len(notebook.cells):
            raise SourceError(path, 1, f"{len(notebook.cells)} cells but {len(starts)} `# %%` marks: begin each cell with one")
        cells = [
            Cell(cell.cell_type, cell.source, tuple(cell.metadata.get("tags", ())), start + 1)
            for cell, start in zip(notebook.cells, starts, strict=True)
        ]
        lesson = cls(path, cells)
        lesson._verify()
        return lesson

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def is_lab(self) -> bool:
        return self.path.parent.name == "solutions"

    @property
    def folder(self) -> str:
        """The lesson's folder in utils/lessons: "lab01" for solutions/01_….py, "lecture01" for notebooks/01_….py."""
        return f"{'lab' if self.is_lab else 'lecture'}{self.name[:2]}"

    @property
    def title(self) -> str:
        return self.cells[0].source.splitlines()[0].removeprefix("# ").strip()

    @property
    def label(self) -> str:
        """ "Lab 01" or "Lecture 01"; the first words of its title."""
        return self.title.partition(" · ")[0]

    @property
    def subject(self) -> str:
        """Its title without the label."""
        return self.title.partition(" · ")[2]

    @property
    def teaches(self) -> str:
        """The sentence after **You will learn** in the first cell, without a full stop; "" where it is missing."""
        found = re.search(r"\*\*You will learn\*\*\s+(.+?)(?:\n\s*\n|\Z)", self.cells[0].source, flags=re.S)
        return " ".join(found[1].split()).rstrip(".") if found else ""

    @property
    def student_path(self) -> str:
        """The notebook that a student opens, from the root: the lab, never its solution; a lecture itself."""
        return f"{'labs' if self.is_lab else 'notebooks'}/{self.name}.ipynb"

    @cached_property
    def known_answers(self):
        """The module of the lesson's other right and wrong answers, tests/mistakes/labNN.py; None where there is none."""
        try:
            return importlib.import_module(f"tests.mistakes.{self.folder}")
        except ModuleNotFoundError as error:
            if error.name not in ("tests", "tests.mistakes", f"tests.mistakes.{self.folder}"):
                raise
            return None

    @cached_property
    def tasks(self) -> list[Task]:
        pairs = zip(self.cells, self.cells[1:], strict=False)
        return [Task(*after.check, cell, after) for cell, after in pairs if cell.is_exercise]

    def _verify(self) -> None:
        first = self.cells[0] if self.cells else Cell("code", "", (), 1)
        if first.kind != "markdown" or not first.source.startswith("# "):
            raise SourceError(self.path, first.line, "the first cell is markdown with the lesson's title, `# …`")
        for i, cell in enumerate(self.cells):
            following = self.cells[i + 1] if i + 1 < len(self.cells) else None
            previous = self.cells[i - 1] if i else None
            self._verify_cell(cell)
            if cell.is_exercise:
                self._verify_markers(cell)
                if following is None or following.check is None:
                    raise SourceError(self.path, cell.line, "this exercise has no check line in the cell after it")
            if cell.check is not None and not (previous and previous.is_exercise):
                raise SourceError(self.path, cell.line, "this check line has no exercise in the cell before it")
        if self.is_lab:
            self._verify_names()

    def _verify_cell(self, cell: Cell) -> None:
        for tag in cell.tags:
            if tag not in TAGS:
                raise SourceError(self.path, cell.line - 1, f"unknown tag {tag!r}; known are {', '.join(TAGS)}")
        if cell.kind == "code":
            length = len(cell.source.splitlines())
            if length > 25:
                raise SourceError(self.path, cell.line, f"a cell of {length} lines; a reader follows 25 at most")
            if cell.check is not None and (cell.check[0] == "" or len(cell.source.strip().splitlines()) != 1):
                raise SourceError(self.path, cell.line, 'a check is one line: check.answer("exercise", answer, …)')
            if cell.is_exercise and not self.is_lab:
                raise SourceError(self.path, cell.line, "solution markers belong in solutions/, not in a lecture")

    def _verify_markers(self, cell: Cell) -> None:
        opened = None
        for number, line in enumerate(cell.source.splitlines(), start=cell.line):
            if BEGIN in line:
                if opened is not None:
                    raise SourceError(self.path, number, f"`{BEGIN}` inside the solution that began in line {opened}")
                opened = number
            elif END in line:
                if opened is None:
                    raise SourceError(self.path, number, f"`{END}` without `{BEGIN}`")
                opened = None
        if opened is not None:
            raise SourceError(self.path, opened, f"this `{BEGIN}` has no `{END}`")
        if any(not inside and not names for inside, names in solution_regions(cell.source)):
            advice = "assign the answer to a name, or put the marks inside the function"
            raise SourceError(self.path, cell.line, f"a solution at the top level that assigns nothing leaves no stub: {advice}")

    def _verify_names(self) -> None:
        if not self.tasks and not (ROOT / "utils" / "lessons" / self.folder / "checks.py").exists():
            return
        exercises = importlib.import_module(f"utils.lessons.{self.folder}.checks").lab.exercises
        checks = f"utils/lessons/{self.folder}/checks.py"
        seen: dict[str, int] = {}
        for task in self.tasks:
            if task.name not in exercises:
                raise SourceError(self.path, task.check.line, f"{checks} has no exercise {task.name!r}")
            if task.name in seen:
                raise SourceError(self.path, task.check.line, f"{task.name!r} is checked in line {seen[task.name]} already")
            seen[task.name] = task.check.line
        for name in exercises:
            if name not in seen:
                raise SourceError(self.path, 1, f"{checks} judges {name!r}, which the lesson never asks")


def lessons(names: list[str] | None = None) -> list[Lesson]:
    """The lessons, lectures first; only those whose stem or folder/stem begins with one of `names`, if given."""
    found = []
    for folder in ("notebooks", "solutions"):
        for path in sorted((ROOT / folder).glob("[0-9][0-9]_*.py")):
            asked = names is None or any(path.stem.startswith(n) or f"{folder}/{path.name}".startswith(n) for n in names)
            if asked:
                found.append(path)
    if names and not found:
        raise SystemExit(f"No lesson matches {', '.join(names)}. Sources are solutions/NN_*.py and notebooks/NN_*.py.")
    return [_read(path, path.stat().st_mtime_ns) for path in found]


@cache
def _read(path: Path, changed: int) -> Lesson:
    """`Lesson.read`, once for each state of a file: to parse all sources takes seconds, and a program asks more than once."""
    return Lesson.read(path)


def fingerprint(lesson: Lesson) -> str:
    """A hash of all that a notebook's outputs depend on: its code cells, `utils`, and what it imports of it, comments apart."""
    digest = hashlib.sha256()
    cells = [cell for cell in lesson.cells if cell.kind == "code"]
    for cell in cells:
        digest.update(repr((cell.source, cell.tags)).encode())
    code = "\n".join(cell.source for cell in cells)
    todo, done = {"", *imported_modules(code, package=""), *([f"lessons/{lesson.folder}/checks"] if lesson.tasks else [])}, set()
    while todo:
        module = todo.pop()
        done.add(module)
        text = module_path(module).read_text(encoding="utf-8")
        todo |= imported_modules(text, package=module) - done
    for module in sorted(done):
        digest.update(meaning(module_path(module).read_text(encoding="utf-8")).encode())
    return digest.hexdigest()[:16]


def module_path(module: str) -> Path:
    """The file of a module of `utils`, named by its path without suffix or by its name in `utils.FRONT`; "" is `utils` itself."""
    module = FRONT.get(module, module).replace(".", "/")
    folder = ROOT / "utils" / module
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def _exists(module: str) -> bool:
    return module_path(module).exists()


def imported_modules(code: str, package: str) -> set[str]:
    """The modules of `utils` (as paths without suffix) that `code`, itself in `package`, imports anywhere."""
    inside = package if package and (ROOT / "utils" / package).is_dir() else package.rpartition("/")[0]
    found = set()
    for level, module, names in _imports(code):
        if level:
            above = inside.split("/") if inside else []
            above = above[: len(above) - (level - 1)]
            base = "/".join([*above, module] if module else above)
        elif module == "utils" or module.startswith("utils/"):
            base = module.removeprefix("utils").removeprefix("/")
        else:
            continue
        paths = {f"{base}/{name}".removeprefix("/") for name in names}
        found |= {path for path in paths if _exists(path)} or ({base} if base else set())
    return {FRONT.get(module, module).replace(".", "/") for module in found if _exists(module)}


@cache
def _imports(code: str) -> tuple[tuple[int, str, tuple[str, ...]], ...]:
    """(dots, module as a path, names imported from it; none for a plain `import`) of each import in `code`."""
    found = []
    for node in ast.walk(ast.parse(without_magic(code))):
        if isinstance(node, ast.Import):
            found += [(0, alias.name.replace(".", "/"), ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            found.append((node.level, (node.module or "").replace(".", "/"), names))
    return tuple(found)


@cache
def meaning(code: str) -> str:
    """The code without comments and docstrings: what can change a notebook's outputs."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            node.body = body[1:] or [ast.Pass()]
    return ast.dump(tree)


def read_notebook(path: Path):
    import nbformat

    return nbformat.read(path, as_version=4)
