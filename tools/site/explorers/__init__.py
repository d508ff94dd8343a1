"""Pictures on the site that answer one question at a time without a kernel: every frame is drawn when the site is built.

A lesson has explorers when there is a module here with the name of its folder, `lecture01.py` or `lab03.py`, whose
`explorers(lesson)` returns them. Without JavaScript the first frame is a still picture.
"""

import html
import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from tools.lesson import Lesson


@dataclass(frozen=True)
class Explorer:
    """One question with its controls.

    `after` is what a cell of the lesson says, behind which the explorer stands. `choices`: what a control is called → its
    values, in order. `start`: the values of the first frame. `draw(*values)` returns (SVG, one sentence on what it shows).
    """

    name: str
    question: str
    after: str
    choices: dict[str, Sequence]
    start: tuple
    draw: Callable[..., tuple[str, str]]

    def html(self) -> str:
        """The explorer as one block of HTML without blank lines: the first frame, hidden controls, all frames as data."""
        frames = [self.draw(*values) for values in product(*self.choices.values())]
        positions = [list(values).index(value) for values, value in zip(self.choices.values(), self.start, strict=True)]
        controls = []
        for number, (label, values) in enumerate(self.choices.items()):
            name, words = f"{self.name}-{number}", json.dumps([str(value) for value in values])
            controls.append(
                f'<label for="{name}">{html.escape(label)}</label>'
                f'<input type="range" id="{name}" min="0" max="{len(values) - 1}" value="{positions[number]}" '
                f'aria-valuetext="{html.escape(str(self.start[number]))}" data-values="{html.escape(words)}">'
                f'<output for="{name}">{html.escape(str(self.start[number]))}</output>'
            )
        svg, sentence = self.draw(*self.start)
        data = json.dumps([list(frame) for frame in frames], ensure_ascii=False).replace("</", "<\\/")
        return (
            f'<figure class="explorer" id="{self.name}"><p class="question">{html.escape(self.question)}</p>'
            f'<div class="controls" hidden>{"".join(controls)}</div><div class="frame">{svg}</div>'
            f'<figcaption aria-live="polite">{html.escape(sentence)}</figcaption>'
            f'<script type="application/json">{data}</script></figure>'
        )


def of(lesson: Lesson) -> list[Explorer]:
    """The lesson's explorers; none when it has no module here."""
    name = f"{__name__}.{lesson.folder}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return []
    return module.explorers(lesson)


# ---------------------------------------------------------------- drawing


def svg(width: float, height: float, *shapes: str) -> str:
    """Shapes in a picture of `width` by `height` units, which screen readers skip: the sentence below it says what it shows."""
    return f'<svg viewBox="-0.1 0 {width + 0.1:g} {height:g}" aria-hidden="true" focusable="false">{"".join(shapes)}</svg>'


def box(x: float, y: float, width: float, height: float, kind: str = "cell") -> str:
    """A rectangle; `kind` is a class of site.css, which colours it for both schemes."""
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>'


def words(x: float, y: float, text: object, size: float = 0.42, *, anchor: str = "middle", kind: str = "ink") -> str:
    """Text with its baseline at (x, y)."""
    style = f'font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" {style}>{html.escape(str(text))}</text>'
