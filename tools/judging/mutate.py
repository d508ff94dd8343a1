"""Break every answer in every small way and see whether its check notices.

    python -m tools.judging.mutate [01 …]   one statement, operator,
    comparison, number or word of an answer changed at a time

A mutant that no check can notice (it computes the same) is listed with its reason in tests/mistakes/labNN.py, EQUIVALENT.
"""

import argparse
import ast
import copy
import sys
from collections.abc import Iterator

from tools.judging.answers import Judge
from tools.lesson import BEGIN, END, Lesson, Task, lessons
from utils import progress
from utils.check import RIGHT
from utils.check.declare import verdicts_only

_OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
}
_COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def mutants(task: Task) -> Iterator[tuple[str, str]]:
    """(description, source of the whole cell) of each mutant of the answer between the solution marks."""
    source = task.cell.source
    tree = ast.parse(source)
    inside = _answer_lines(source)
    lines = source.splitlines()
    for index, node in enumerate(ast.walk(tree)):
        if getattr(node, "lineno", None) not in inside:
            continue
        for what, change in _changes(node):
            mutant = copy.deepcopy(tree)
            twin = next(n for i, n in enumerate(ast.walk(mutant)) if i == index)
            change(twin, mutant)
            text = ast.unparse(ast.fix_missing_locations(mutant))
            if text != ast.unparse(tree):
                yield f"{what}: {lines[node.lineno - 1].strip()}", text


def _answer_lines(source: str) -> set[int]:
    inside, found = False, set()
    for number, line in enumerate(source.splitlines(), start=1):
        if BEGIN in line:
            inside = True
        elif END in line:
            inside = False
        elif inside:
            found.add(number)
    return found


def _changes(node):
    """The ways to break `node`: (what, function of the node's twin and the mutant's tree)."""
    if isinstance(node, ast.stmt) and not _is_docstring(node):
        yield "deleted", _delete
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _OPERATORS:
        yield _named(node.op, _OPERATORS), _set("op", _OPERATORS[type(node.op)]())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "minus sign dropped", _set("op", ast.UAdd())
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISONS:
        yield _named(node.ops[0], _COMPARISONS), _set("ops", [_COMPARISONS[type(node.ops[0])](), *node.ops[1:]])
    if isinstance(node, ast.BoolOp):
        yield "and ↔ or", _set("op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield "negated", _set("value", not node.value)
        elif isinstance(node.value, (int, float)):
            yield f"{node.value} + 1", _set("value", node.value + 1)
        elif isinstance(node.value, str):
            yield "word changed", _set("value", node.value + "_")
    if isinstance(node, ast.keyword) and node.arg is not None:
        yield f"argument {node.arg} dropped", _drop_keyword


def _set(attribute: str, value):
    return lambda twin, tree: setattr(twin, attribute, value)


def _named(operator, table) -> str:
    return f"{type(operator).__name__} → {table[type(operator)].__name__}"


def _is_docstring(node) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _delete(twin, tree) -> None:
    for parent in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and twin in block:
                block[block.index(twin)] = ast.Pass()


def _drop_keyword(twin, tree) -> None:
    for parent in ast.walk(tree):
        if isinstance(parent, ast.Call) and twin in parent.keywords:
            parent.keywords.remove(twin)


def equivalent(lesson: Lesson) -> dict[tuple[str, str], str]:
    """The mutants known to compute the same: (exercise, description) → reason."""
    return getattr(lesson.known_answers, "EQUIVALENT", {})


def run(lesson: Lesson, *, quiet: bool = False) -> tuple[int, list[tuple[str, str]]]:
    """(number of mutants, survivors as (exercise, description)) of the lesson's answers."""
    judge = Judge(lesson)
    count, survivors = 0, []
    with verdicts_only():
        for task in progress.bar(lesson.tasks, lesson.name, disable=quiet):
            broken = list(mutants(task))
            count += len(broken)
            outcomes = judge.outcomes(task, [source for _, source in broken])
            survivors += [(task.name, what) for (what, _), one in zip(broken, outcomes, strict=True) if one.status == RIGHT]
    return count, survivors


def main() -> int:
    """1 when a mutant survives without a reason, or a reason is given for one that is noticed; else 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="labs, by number; all when none is named")
    names = [f"solutions/{n}" for n in parser.parse_args().names] or None
    faults = 0
    for lesson in (each for each in lessons(names) if each.tasks):
        count, survivors = run(lesson)
        reasons = equivalent(lesson)
        print(f"{lesson.name}: {count - len(survivors)} of {count} mutants noticed ({1 - len(survivors) / count:.1%})")
        for survivor in survivors:
            reason = reasons.get(survivor, "").strip()
            faults += not reason
            print(f"  survives  {survivor[0]} | {survivor[1]}\n            {reason or 'NO REASON GIVEN: sharpen the check'}")
        for task, what in sorted(set(reasons) - set(survivors)):
            faults += 1
            print(f"  noticed   {task} | {what}\n            although it is listed as EQUIVALENT: take it off the list")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
