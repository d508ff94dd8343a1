"""One page of what is received and wrong, taken from the lectures' executed notebooks: their closing sections."""

import re
from collections.abc import Iterable

from tools.lesson import Lesson, read_notebook

SECTION = re.compile(r"^## What many slides .*$", flags=re.M)  # how a lecture's section of errata begins
HEADING = re.compile(r"^#{1,2} ", flags=re.M)


def page(chosen: Iterable[Lesson]) -> str:
    """The errata as Markdown: a section a lecture, its text and its computed tables and figures word for word."""
    parts = [
        "# Errata: what many slides say",
        "Lecture slides and papers repeat some numbers that do not hold. Each lecture recomputes those of its subject. "
        "What stands here was printed by the lectures' cells when the notebooks were last built.",
    ]
    for lesson in chosen:
        found = section(lesson)
        if found:
            parts += [f"## {lesson.label} · {lesson.subject}", *found, f"From [{lesson.label}]({lesson.student_path})."]
    return "\n\n".join(parts) + "\n"


def section(lesson: Lesson) -> list[str]:
    """The blocks of a lecture's section of errata, in Markdown; none for a lab (they would be answers) or where there is none."""
    if lesson.is_lab:
        return []
    blocks, inside = [], False
    for cell in read_notebook(lesson.path.with_suffix(".ipynb")).cells:
        if cell.cell_type == "markdown":
            begins = SECTION.search(cell.source)
            if inside and not begins and HEADING.search(cell.source):
                break
            if begins:
                inside = True
            if inside and "notes" not in cell.metadata.get("slideshow", {}).get("slide_type", ""):
                blocks.append(cell.source[begins.end() :].strip() if begins else cell.source)
        elif inside:
            blocks += [_text(output) for output in cell.outputs]
    return [block for block in blocks if block]


def _text(output) -> str:
    """An output's Markdown or HTML; what it is in plain text, as a block of code, where it has neither."""
    data = output.get("data", {})
    plain = output.get("text") or data.get("text/plain", "")
    return data.get("text/markdown") or data.get("text/html") or (f"```text\n{plain.strip()}\n```" if plain.strip() else "")
