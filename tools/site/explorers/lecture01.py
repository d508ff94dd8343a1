"""Lecture 01: the worked grid step by step, and the size of an output drawn to scale."""

import ast

import numpy as np

from tools.lesson import Lesson
from tools.site.explorers import Explorer, box, svg, words

WIDTH = 10  # pixels of the row that is drawn to scale


def explorers(lesson: Lesson) -> list[Explorer]:
    image, kernel = _array(lesson, "image"), _array(lesson, "kernel")
    side = len(image) - len(kernel) + 1
    return [
        Explorer(
            "worked-grid",
            "Which nine products make up each number of the output?",
            "figures.explore(image, kernel)",
            {"step": range(1, side**2 + 1)},
            (1,),
            lambda step: grid(image, kernel, step),
        ),
        Explorer(
            "output-size",
            f"How many windows fit into a row of {WIDTH} pixels?",
            "figures.strides_and_padding(cases)",
            {"kernel size F": range(1, 6), "stride S": range(1, 5), "padding P": range(0, 3)},
            (3, 2, 0),
            row,
        ),
    ]


def grid(image: np.ndarray, kernel: np.ndarray, step: int) -> tuple[str, str]:
    """Step `step` (from 1) of a square kernel on a square image: the window with its weights, the kernel, the output so far."""
    size, side = len(kernel), len(image) - len(kernel) + 1
    top, left = divmod(step - 1, side)
    window = image[top : top + size, left : left + size]
    shapes = [words(len(image) / 2, 0.7, "input and window")]
    for (r, c), value in np.ndenumerate(image):
        inside = top <= r < top + size and left <= c < left + size
        shapes.append(box(c, 1 + r, 1, 1, "cell lit" if inside else "cell"))
        shapes.append(words(c + 0.5, 1.6 + r, value))
        if inside:
            shapes.append(words(c + 0.95, 1.93 + r, f"×{kernel[r - top, c - left]}", 0.26, anchor="end", kind="ink accent"))
    shapes.append(box(left, 1 + top, size, size, "outline"))
    x = len(image) + 1
    shapes.append(words(x + size / 2, 0.7, "kernel"))
    for (r, c), value in np.ndenumerate(kernel):
        shapes += [box(x + c, 2 + r, 1, 1, "cell warm"), words(x + c + 0.5, 2.6 + r, value)]
    x += size + 1
    shapes.append(words(x + side / 2, 0.7, "output"))
    for number in range(side**2):
        r, c = divmod(number, side)
        shapes.append(box(x + c, 2 + r, 1, 1, "cell lit" if number == step - 1 else "cell"))
        if number < step:
            total = (image[r : r + size, c : c + size] * kernel).sum()
            shapes.append(words(x + c + 0.5, 2.6 + r, total))
    terms = " + ".join(f"{x}·{w}" for x, w in zip(window.ravel(), kernel.ravel(), strict=True))
    sentence = f"Step {step} of {side**2}, row {top + 1}, column {left + 1}: {terms} = {(window * kernel).sum()}."
    return svg(x + side + 0.1, len(image) + 1.1, *shapes), sentence


def row(kernel: int, stride: int, padding: int) -> tuple[str, str]:
    """A padded row of pixels to scale, each window that fits below it, and the formula."""
    padded = WIDTH + 2 * padding
    outputs = (padded - kernel) // stride + 1
    unseen = max(0, WIDTH + padding - ((outputs - 1) * stride + kernel))
    shapes = []
    for pixel in range(padded):
        kind = "cell lit" if padding <= pixel < padding + WIDTH else "cell"
        shapes += [box(pixel, 0.1, 1, 1, kind), *([] if "lit" in kind else [words(pixel + 0.5, 0.75, 0)])]
    for number in range(outputs):
        y = 1.3 + 0.38 * number
        shapes += [box(number * stride, y, kernel, 0.3, "cell warm")]
        shapes += [f'<circle class="dot" cx="{number * stride + kernel / 2:g}" cy="{y + 0.15:g}" r="0.1"/>']
    formula = f"⌊({WIDTH} − {kernel} + 2·{padding}) / {stride}⌋ + 1 = {outputs}"
    lost = "" if not unseen else f" No window reaches the last {f'{unseen} pixels' if unseen > 1 else 'pixel'}."
    # All frames are equally large, so that the same pixel has the same size in each.
    return svg(WIDTH + 4.1, 6.7, *shapes), f"{outputs} windows fit: {formula}.{lost}"


def _array(lesson: Lesson, name: str) -> np.ndarray:
    """The constant `name = np.array([…])` of the lesson's source."""
    for cell in lesson.cells:
        for node in ast.parse(cell.source).body if cell.kind == "code" else ():
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name and isinstance(node.value, ast.Call):
                return np.array(ast.literal_eval(node.value.args[0]))
    raise ValueError(f"{lesson.name} sets no {name} = np.array([…]): the site draws its steps")
