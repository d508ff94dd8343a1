"""The course's figures: one look, a palette that colour-blind readers can tell apart, and alt text on every figure."""

import io
import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

# Okabe and Ito's palette, told apart with every common kind of colour blindness; black first for text and reference lines.
COLORS = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # colour alone never tells two lines apart
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))

STYLE = {
    "figure.dpi": 100,
    "savefig.bbox": "tight",
    "figure.constrained_layout.use": True,
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": plt.cycler(color=COLORS[1:], linestyle=LINES[:6]),
    "axes.grid": False,
    "image.cmap": "gray",
    "legend.frameon": False,
}
plt.rcParams.update(STYLE)


def figure(rows: int = 1, columns: int = 1, *, size: tuple[float, float] | None = None, **options):
    """A figure in the course's style and its axes, like `plt.subplots`; `size` in inches, at most 10 wide."""
    return plt.subplots(rows, columns, figsize=size or (min(10, 3.2 * columns), 3.0 * rows), **options)


def show(fig: Figure, alt: str) -> None:
    """Display `fig` with the alternative text `alt` (what a reader who cannot see it must know), and close it.

    Raises ValueError when `alt` says too little.
    """
    alt = " ".join(alt.split())  # a label broken into two lines must not break the sentence
    if len(alt.split()) < 4:
        raise ValueError("A figure's alt text says in a sentence what the figure shows.")
    from IPython.display import display

    from .panel import in_notebook

    if in_notebook():
        bundle = {"image/png": png(fig), "text/plain": f"[Figure: {alt}]"}
        display(bundle, raw=True, metadata={"image/png": {"alt": alt}})
    else:
        print(textwrap.fill(f"[Figure: {alt}]", 100))
        plt.close(fig)


def png(fig: Figure) -> bytes:
    """`fig` as the bytes of a PNG file; the figure is closed."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png")
    plt.close(fig)
    return buffer.getvalue()


def images(pictures: Sequence, titles: Sequence[str] = (), *, columns: int = 5, size: float = 2.0, **options) -> Figure:
    """A grid of pictures, each (height, width) or (height, width, 3); `size` is one picture's side in inches."""
    count = len(pictures)
    columns = min(columns, count)
    rows = -(-count // columns)
    height = size * (1.2 if len(titles) else 1.0)
    fig, axes = figure(rows, columns, size=(min(10, size * columns), height * rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, picture in zip(axes.flat, pictures, strict=False):
        axis.imshow(np.squeeze(picture), interpolation="nearest", **options)
    for axis, title in zip(axes.flat, titles, strict=False):
        axis.set_title(title, fontsize=11)
    return fig


def boxes(axis, corners, **look) -> None:
    """Boxes (n, 4), corner form in pixels of the picture that `axis` shows, as frames; `look` as `Rectangle` takes it."""
    # imshow puts the middle of pixel 0 at 0, so its edge lies half a pixel before
    for x0, y0, x1, y1 in np.asarray(corners, float).reshape(-1, 4):
        axis.add_patch(Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, **{"fill": False, "lw": 2, **look}))


def boxed(pictures: Sequence, *sets, names: Sequence[str] = (), titles: Sequence[str] = (), columns: int = 5, size=2.0) -> Figure:
    """Pictures with boxes in corner form: each of `sets` holds the boxes (k, 4) of every picture, in its pixels.

    The sets, three at most, differ in colour and in line style; `names` puts them into a legend. The rest is as for `images`.
    """
    looks = [{"ec": colour, "ls": line} for colour, line in zip((COLORS[2], COLORS[6], COLORS[5]), ("-", "--", ":"), strict=True)]
    fig = images(pictures, titles, columns=columns, size=size)
    for position, axis in enumerate(fig.axes[: len(pictures)]):
        for look, corners in zip(looks, sets, strict=False):
            boxes(axis, corners[position], **look)
    if names:
        frames = [Rectangle((0, 0), 1, 1, fill=False, lw=2, **look) for look in looks[: len(names)]]
        fig.legend(frames, names, loc="outside lower center", ncols=len(names))
    return fig


def picture_rows(rows: Sequence[Sequence[tuple]], labels: Sequence[str], *, width: float = 9.6) -> Figure:
    """Rows of (picture, title), each row with its label at the left; pictures as `imshow` takes them, `width` in inches."""
    across = max(len(row) for row in rows)
    fig, axes = figure(len(rows), across, size=(width, 1.2 * width / across * len(rows)), squeeze=False)
    for line, row, label in zip(axes, rows, labels, strict=True):
        for axis in line:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        for axis, (picture, title) in zip(line, row, strict=False):
            axis.imshow(np.squeeze(picture))
            axis.set_title(title, fontsize=11)
        line[0].set_ylabel(label, fontsize=12)
    return fig


def numbers(axis, grid, title: str = "", *, marked: Sequence[tuple[int, int]] = (), format: str = "g", **options) -> None:
    """Draw a small matrix (rows, columns) on `axis` with its values written in; `marked` cells get a thick border."""
    grid = np.asarray(grid)
    axis.imshow(grid, **{"cmap": "Blues", "alpha": 0.55, **options})
    for (row, column), value in np.ndenumerate(grid):
        axis.text(column, row, f"{value:{format}}", ha="center", va="center", fontsize=12)
    for row, column in marked:
        axis.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=COLORS[2], linewidth=2.5))
    axis.set_xticks([]), axis.set_yticks([])
    axis.set_title(title)


def curves(series: Mapping[str, Sequence[float]], *, x=None, xlabel: str, ylabel: str, size=(7, 4), axis=None) -> Figure:
    """One line a name, each with its own colour, line style and marker; on `axis` if given, else on a new figure."""
    if axis is None:
        fig, axis = figure(size=size)
    else:
        fig = axis.figure
    for i, (name, values) in enumerate(series.items()):
        places = np.arange(1, len(values) + 1) if x is None else x
        look = i % (len(COLORS) - 1)
        axis.plot(places, values, label=name, color=COLORS[look + 1], linestyle=LINES[look], marker=MARKERS[look], ms=5)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    if len(series) > 1:
        axis.legend()
    return fig
