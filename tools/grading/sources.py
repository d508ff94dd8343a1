"""What can be read from a submitted source without running it: forbidden functions, tampering, and likeness to another's."""

import ast
import types

_FULL = {"np": "numpy", "tf": "tensorflow"}
_WATCHING = {"settrace", "setprofile", "_getframe", "ctypes", "get_objects", "get_referrers", "__builtins__"}
_INDIRECT = {"eval", "exec", "compile", "__import__", "import_module", "getattr", "setattr", "vars", "globals", "__dict__"}
_OURS = {"sys", "gc", "utils", "check", "threading", "inspect", "builtins", "importlib"}


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
        if isinstance(node, (ast.Attribute, ast.Name)):
            first, _, rest = ast.unparse(node).partition(".")
            referred.add(f"{aliases.get(first, first)}.{rest}".rstrip("."))
    found = []
    for name in names:
        first, _, rest = name.partition(".")
        full = f"{_FULL.get(first, first)}.{rest}".rstrip(".")
        if any(each == full or each.startswith(full + ".") for each in referred):
            found.append(name)
    return found


def code_of(source: str, name: str) -> types.CodeType | None:
    """The code of the last function `name` that the source defines at its top level; None where there is none."""
    try:
        found = [each for each in compile(source, "<submission>", "exec").co_consts if isinstance(each, types.CodeType)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return next((each for each in reversed(found) if each.co_name == name), None)


def tampering(code: str) -> str:
    """A name by which the code could keep itself from being watched; "" for none."""
    tree = _tree(code)
    if tree is None:
        return ""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {part for alias in node.names for part in alias.name.split(".")}
            names |= set((getattr(node, "module", None) or "").split("."))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in _WATCHING:
            names.add(node.value)
    found = sorted(names & _WATCHING)
    if not found and names & _OURS - {"utils", "check"}:
        found = sorted(names & _INDIRECT)
    return found[0] if found else ""


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
    return ast.unparse(tree)


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
