"""What can be read from a submitted source without running it: forbidden functions, tampering, and likeness to another's."""

import ast
import types
from collections.abc import Iterable, Iterator

_FULL = {"np": "numpy", "tf": "tensorflow"}
# What a notebook may use without losing the points for exercises that ask how something is computed. Watching that happens where
# the student's code runs, and whoever reaches the interpreter's insides, other processes or files could answer for the watcher.
_HARMLESS = {
    "abc", "cmath", "collections", "copy", "dataclasses", "decimal", "enum", "fractions", "functools", "itertools", "keras",
    "math", "matplotlib", "numbers", "numpy", "operator", "random", "re", "scipy", "sklearn", "statistics", "string",
    "tensorflow", "time", "typing", "utils", "warnings",
}  # fmt: skip
_REACHING = {
    "__builtins__", "__import__", "attrgetter", "breakpoint", "builtins", "calling", "compile", "ctypes", "ctypeslib",
    "delattr", "eval", "excuses", "exec", "f2py", "fromfile", "gc", "get_objects", "getattr", "globals", "importlib",
    "inspect", "io", "locals", "memmap", "methodcaller", "multiprocessing", "open", "open_memmap", "os",
    "output_stream", "raw_ops", "save", "savefig", "savetxt", "savez", "savez_compressed", "setattr", "setprofile",
    "settrace", "socket", "subprocess", "sys", "threading", "tofile", "vars",
}  # fmt: skip
_USUAL = {"__init__", "__call__", "__name__", "__len__", "__version__", "__doc__"}  # dunder names that honest code reads
_SETTABLE = {"trainable"}  # attributes that lessons set on objects that are not the student's own


def calls(source: str, names: tuple[str, ...]) -> list[str]:
    """Which of the functions or modules `names` ("np.convolve", "scipy.signal") the code refers to, under whatever alias."""
    tree = _tree(source)
    if tree is None:
        return []
    aliases = dict(_FULL)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                aliases[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    referred = set(aliases.values()) - set(_FULL.values())
    for node in ast.walk(tree):
        first, *rest = _path(node)
        if first:
            referred.add(".".join([aliases.get(first, first), *rest]))
    found = []
    for name in names:
        first, _, rest = name.partition(".")
        full = f"{_FULL.get(first, first)}.{rest}".rstrip(".")
        if any(each == full or each.startswith(full + ".") for each in referred):
            found.append(name)
    return found


def _path(node: ast.AST) -> list[str]:
    """["a", "b", "c"] of `a.b.c`; [""] for whatever is no short chain of names."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < 10:
        parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) else [""]


def code_of(source: str, name: str) -> types.CodeType | None:
    """The code of the last function `name` that the source defines at its top level; None where there is none."""
    try:
        found = [each for each in compile(source, "<submission>", "exec").co_consts if isinstance(each, types.CodeType)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return next((each for each in reversed(found) if each.co_name == name), None)


def tampering(cells: Iterable[str]) -> str:
    """A name in the code by which it could keep itself from being watched; "" for none."""
    found: set[str] = set()
    for code in cells:
        try:
            tree = ast.parse(code)
        except (RecursionError, MemoryError):
            return "code nested too deeply to be read"
        except (SyntaxError, ValueError):  # it does not run, either
            continue
        for node in ast.walk(tree):
            found |= set(_suspicious(node))
    return min(found, default="")


def _suspicious(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        base = f"{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
        names = [base + alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] not in _HARMLESS or _REACHING & set(parts) or parts[:2] == ["utils", "check"] and len(parts) > 2:
                yield name
    elif isinstance(node, ast.Name) and (node.id in _REACHING or node.id == "self" and not isinstance(node.ctx, ast.Load)):
        yield node.id
    elif isinstance(node, ast.keyword) and node.arg in _REACHING:
        yield node.arg
    elif isinstance(node, ast.Attribute) and _root(node) != "self":
        if node.attr in _REACHING or (node.attr.startswith("_") and node.attr not in _USUAL):
            yield node.attr
        elif not isinstance(node.ctx, ast.Load) and node.attr not in _SETTABLE:
            yield f"{_root(node) or '…'}.{node.attr} = …"


def _root(node: ast.AST) -> str:
    """The name with which a chain such as `a.b[0].c` begins; "" where it begins with something else."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def normalized(source: str) -> str:
    """The code without comments, docstrings, layout and the student's choice of names: what is left when somebody renames."""
    tree = _tree(source)
    if tree is None:
        return ""
    names: dict[str, str] = {}
    known = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    stored |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            node.body = body[1:] or [ast.Pass()]
        if isinstance(node, ast.Name) and node.id in stored - known:
            node.id = names.setdefault(node.id, f"v{len(names)}")
        elif isinstance(node, ast.arg):
            node.arg = names.setdefault(node.arg, f"v{len(names)}")
    try:
        return ast.unparse(tree)
    except RecursionError:
        return ""


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
