"""One gate where something is missing: the cells that need it are skipped, each with a line that says so; the others run.

    try:
        base = data.pretrained("xception", size=128)
    except data.Missing as error:
        gate.close("base", reason=f"Everything that needs the pretrained network is skipped. {error}")

From then on a cell that reads `base`, or a name that only a skipped cell would have set, is skipped. A cell that sets one of
these names without reading any of them runs, and the name is there again. So no later cell has to ask.
"""

import ast
import contextlib
import dis
import types
from collections.abc import Iterator

from . import panel, results


def close(*names: str, reason: str, extra: bool = False) -> None:
    """Skip every later cell of this notebook that needs one of `names`; `reason` says what is missing and what brings it.

    Says so once, as `results.incomplete` does; with `extra` the cells are one more look at what the lesson has shown already, and
    the run counts as complete without them. Raises RuntimeError outside a notebook, where no cell can be skipped, and
    ValueError without names.
    """
    if not names:
        raise ValueError("name the variables that later cells would need: gate.close('base', reason=…)")
    ipython = _shell()
    if ipython is None:
        raise RuntimeError(reason)
    skipper = next((each for each in ipython.ast_transformers if isinstance(each, _Skipper)), None)
    if skipper is None:
        skipper = _Skipper()
        ipython.ast_transformers.append(skipper)
    skipper.missing |= set(names)
    if extra:
        panel.show("unattempted", reason)
    else:
        results.incomplete(reason)


def _shell():
    """IPython's shell, in a notebook or a console; None in a plain Python program."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


class _Skipper(ast.NodeTransformer):
    """IPython hands it each cell before the cell runs, and runs what it returns."""

    def __init__(self):
        self.missing: set[str] = set()

    def visit(self, node: ast.AST) -> ast.AST:
        needed, made = _names(node)
        lost = [name for name in needed if name in self.missing]
        if not lost:
            self.missing -= set(made)
            return node
        self.missing |= set(made)
        return ast.parse(f"from {__name__} import _say_skipped; _say_skipped({lost!r})")


def _say_skipped(names: list[str]) -> None:
    listed = " and ".join(f"`{name}`" for name in names[:2])
    panel.show("unattempted", f"Skipped: this cell needs {listed}.")
    with contextlib.suppress(AttributeError):  # what was imported to say so is no name of the notebook's
        _shell().user_ns.pop("_say_skipped", None)


def _names(cell: ast.AST) -> tuple[list[str], list[str]]:
    """What a cell reads before it has set it, functions that it defines included, and what it sets; each in order."""
    try:
        code = compile(ast.fix_missing_locations(cell), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, TypeError, ValueError):
        return [], []  # Python itself will say what is wrong with it
    needed, made = {}, {}
    for name, stores in _accesses(code):
        if stores:
            made[name] = True
        elif name not in made:
            needed[name] = True
    return list(needed), list(made)


def _accesses(code: types.CodeType, inside: bool = False) -> Iterator[tuple[str, bool]]:
    """(name, whether it is set) of each access to one of the notebook's variables, in the order of the instructions.

    `inside`: `code` is that of a function or a class, so what it sets is its own.
    """
    for step in dis.get_instructions(code):
        if step.opname == "LOAD_CONST" and isinstance(step.argval, types.CodeType):
            yield from _accesses(step.argval, True)
        elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS", "DELETE_NAME"):
            yield step.argval, False
        elif step.opname == "STORE_NAME" and not inside:
            yield step.argval, True
