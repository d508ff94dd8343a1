"""The figures of Lab 01: each function returns one for `plot.show`, or the words for its alt text."""

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy import ndimage

from ...notebook import plot


def rows_in_words(grid: np.ndarray) -> str:
    """A small matrix for an alt text: "rows 0 1 2, 2 2 0, 0 1 2", its values rounded to one decimal."""
    return "rows " + ", ".join(row_in_words(row) for row in np.asarray(grid))


def row_in_words(row: np.ndarray) -> str:
    """The values of a row, rounded to one decimal, with spaces between them: "0 1 2"."""
    return " ".join(f"{value:g}" for value in _rounded(row))


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.round(np.asarray(values, float), 1) + 0.0  # + 0.0: −0 becomes 0


def ranking_in_words(milliseconds: Mapping[str, float]) -> str:
    """The ways and their times, the fastest first: "im2col 8.7 ms, six plain loops 75 s"."""
    ranked = sorted(milliseconds.items(), key=lambda item: item[1])
    return ", ".join(f"{name} {_duration(value)}" for name, value in ranked)


def _edges(picture: np.ndarray) -> np.ndarray:
    grey = picture.mean(axis=2)
    return np.hypot(ndimage.sobel(grey, axis=0), ndimage.sobel(grey, axis=1))


def shuffled(picture: np.ndarray, mixed: np.ndarray) -> Figure:
    """A picture (H, W, 3) and the same with its pixels shuffled, each beside the map of its edges."""
    shown = [picture, _edges(picture), mixed, _edges(mixed)]
    return plot.images(shown, ["photograph", "its edges", "same pixels, shuffled", "its edges"], columns=4, size=2.4)


def worked_grid(grid: np.ndarray, kernel: np.ndarray, *, row: int, column: int) -> Figure:
    """The window of `grid` (H, W) at (row, column), `kernel` (F, G), their products, and the output with that one value."""
    height, width = kernel.shape
    window = grid[row : row + height, column : column + width]
    ratios = [grid.shape[1], width, width, grid.shape[1] - width + 1]
    fig, axes = plot.figure(1, 4, size=(10, 3.4), gridspec_kw={"width_ratios": ratios})
    cells = [(row + i, column + j) for i in range(height) for j in range(width)]
    shade = {"vmin": 0, "vmax": 8, "cmap": "Blues"}
    plot.numbers(axes[0], grid, "image, with the window", **shade)
    for i, j in cells:
        axes[0].add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, color=plot.COLORS[5], alpha=0.45, linewidth=0))
    axes[0].add_patch(Rectangle((column - 0.5, row - 0.5), width, height, fill=False, edgecolor=plot.COLORS[2], linewidth=3))
    plot.numbers(axes[1], kernel, "× kernel", **shade)
    plot.numbers(axes[2], window * kernel, "= products", **shade)
    _one_known(axes[3], grid, kernel, row, column)
    for axis, shape in zip(axes, (grid.shape, kernel.shape, kernel.shape, None), strict=True):
        _frame(axis, shape or (grid.shape[0] - height + 1, grid.shape[1] - width + 1))
    return fig


def _one_known(axis, grid, kernel, row: int, column: int) -> None:
    height, width = kernel.shape
    shape = (grid.shape[0] - height + 1, grid.shape[1] - width + 1)
    total = int(np.sum(grid[row : row + height, column : column + width] * kernel))
    axis.imshow(np.zeros(shape), cmap="Blues", vmin=0, vmax=8, alpha=0.55)
    for i, j in np.ndindex(shape):
        known = (i, j) == (row, column)
        axis.text(j, i, str(total) if known else "?", ha="center", va="center", weight="bold" if known else "normal")
    axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=plot.COLORS[2], linewidth=3))
    axis.set_title("their sum, in the output")


def four_feature_maps(picture: np.ndarray) -> dict[str, np.ndarray]:
    """The feature maps of a grey picture (H, W) that the exercise `read_maps` asks about, by letter."""
    vertical, horizontal = ndimage.sobel(picture, axis=1), ndimage.sobel(picture, axis=0)
    crisp, soft = np.clip(picture - ndimage.laplace(picture), 0, 1), ndimage.uniform_filter(picture, 5)
    return {"A": horizontal, "B": crisp, "C": vertical, "D": soft}


def pictures(named: Mapping[str, np.ndarray], *, columns: int = 2) -> Figure:
    """Pictures (height, width) under their names, `columns` in a row."""
    rows = -(-len(named) // columns)
    tallest = max(picture.shape[0] / picture.shape[1] for picture in named.values())
    fig, axes = plot.figure(rows, columns, size=(10, rows * (10 / columns * tallest + 0.35)), squeeze=False)
    for axis, (title, picture) in zip(axes.flat, named.items(), strict=True):
        low, high = _range(picture)
        axis.imshow(picture, vmin=low, vmax=high)
        axis.set_title(title)
        axis.axis("off")
    return fig


def _range(picture: np.ndarray) -> tuple[float, float]:
    """What is drawn black and what white: −h and h for a map of both signs, else 0 and h; h is nearly its maximum."""
    low, middle, high = (float(value) for value in np.quantile(picture, (0.005, 0.5, 0.995)))
    both_signs = low < 0 and abs(middle) < 0.1 * high
    return (-high, high) if both_signs else (0.0, high)


def _frame(axis, shape: tuple[int, int]) -> None:
    """Thin lines around every cell of a matrix."""
    rows, columns = shape
    for place in range(rows + 1):
        axis.plot([-0.5, columns - 0.5], [place - 0.5] * 2, color="0.55", linewidth=0.8, linestyle="-")
    for place in range(columns + 1):
        axis.plot([place - 0.5] * 2, [-0.5, rows - 0.5], color="0.55", linewidth=0.8, linestyle="-")
    axis.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6))
    axis.axis("off")


def grids(named: Mapping[str, np.ndarray], *, format: str = "g") -> Figure:
    """Small matrices side by side with their values written in, rounded to one decimal; all share one colour scale."""
    largest = max(float(np.abs(grid).max()) for grid in named.values()) or 1.0
    fig, axes = plot.figure(1, len(named), size=(min(10, 2.4 * len(named)), 2.7), squeeze=False)
    for axis, (name, grid) in zip(axes[0], named.items(), strict=True):
        rounded = _rounded(grid)
        plot.numbers(axis, rounded, name, format=format, cmap="PuOr", vmin=-1.4 * largest, vmax=1.4 * largest)
        _frame(axis, rounded.shape)
    return fig


def windows(cases: Mapping[str, tuple[int, int, int, int, int]]) -> Figure:
    """For each case (width, kernel, stride, zeros before, zeros after): the cells, and below them the windows.

    A dot marks the middle of a window. Cells that no window touches are hatched; the zeros of the padding are white.
    """
    fig, axes = plot.figure(len(cases), 1, size=(8, 2.4 * len(cases)), squeeze=False)
    for axis, (title, (width, kernel, stride, before, after)) in zip(axes[:, 0], cases.items(), strict=True):
        starts = range(0, width + before + after - kernel + 1, stride)
        seen = {start + k - before for start in starts for k in range(kernel)}
        for cell in range(-before, width + after):
            inside = 0 <= cell < width
            face = "#cfe4f3" if inside else "white"
            hatch = None if cell in seen else "///"
            axis.add_patch(Rectangle((cell, 0), 1, 1, facecolor=face, edgecolor="0.45", hatch=hatch, linewidth=1))
            label = axis.text(cell + 0.5, 0.5, str(cell) if inside else "0", ha="center", va="center")
            if cell not in seen:
                label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 2})
        for number, start in enumerate(starts):
            color = plot.COLORS[1 + number % 2]
            y = -0.55 - 0.5 * number
            axis.plot([start - before + 0.08, start - before + kernel - 0.08], [y, y], color=color, linewidth=4, linestyle="-")
            axis.plot(start - before + kernel / 2, y, marker="o", color="black", markersize=7)
        axis.set(xlim=(-1.3, width + 1.6), ylim=(-0.5 * len(starts) - 0.4, 1.1), aspect="equal")
        axis.axis("off")
        axis.set_title(title)
    return fig


def matrix(values: np.ndarray) -> Figure:
    """The matrix of a convolution (outputs, inputs), its weights written in and its zeros left blank."""
    fig, axis = plot.figure(size=(10, 4.2))
    axis.imshow(np.where(values == 0, np.nan, values), cmap="Blues", vmin=-0.5, vmax=4.5)
    for (row, column), value in np.ndenumerate(values):
        if value:
            axis.text(column, row, f"{value:g}", ha="center", va="center", fontsize=11)
    axis.set_xticks(np.arange(-0.5, values.shape[1], 5), minor=True)
    axis.grid(which="minor", axis="x", color="0.6", linewidth=1)
    axis.tick_params(which="minor", length=0)
    axis.set(xlabel="pixel of the flattened 5×5 image (a vertical line after each of its rows)", ylabel="output")
    return fig


def times(milliseconds: Mapping[str, float], multiply_adds: int, title: str, *, yours: Collection[str]) -> Figure:
    """Horizontal bars of milliseconds on a logarithmic axis, the fastest on top; those named in `yours` are hatched."""
    ranked = sorted(milliseconds.items(), key=lambda item: -item[1])
    fig, axis = plot.figure(size=(9, 0.55 * len(ranked) + 1.4))
    for position, (name, value) in enumerate(ranked):
        look = {"color": plot.COLORS[2], "hatch": "//"} if name in yours else {"color": plot.COLORS[1]}
        axis.barh(position, value, edgecolor="white", linewidth=0, **look)
        axis.text(value * 1.1, position, _duration(value), va="center")
    smallest, largest = ranked[-1][1], ranked[0][1]
    axis.set(xscale="log", xlim=(smallest / 3, largest * 6), xlabel="milliseconds (logarithmic)")
    axis.set_yticks(range(len(ranked)), [name for name, _ in ranked])
    axis.set_title(f"{title}: {multiply_adds:,} multiply-adds")
    return fig


def _duration(milliseconds: float) -> str:
    if milliseconds >= 10_000:
        return f"{milliseconds / 1000:,.0f} s"
    return f"{milliseconds:,.3g} ms" if milliseconds < 1000 else f"{milliseconds:,.0f} ms"


def invariance(change: Mapping[str, list[float]], offsets: Iterable[int]) -> Figure:
    """Relative change of the features against the shift in pixels, a curve for each kind of pooling."""
    fig = plot.curves(change, x=list(offsets), xlabel="shift of the picture (pixels)", ylabel="relative change of the features")
    fig.axes[0].set_ylim(0, 1.3 * max(max(values) for values in change.values()))
    fig.axes[0].legend(ncols=2, loc="upper right")
    return fig


def receptive(gradients: Mapping[str, np.ndarray]) -> Figure:
    """Two gradients of a unit with respect to a square image, each under its name with a frame around its receptive field.

    The third panel shows the column sums of both, relative to the largest.
    """
    fig, axes = plot.figure(1, 3, size=(10, 3.4), gridspec_kw={"width_ratios": [1, 1, 1.5]})
    field = np.flatnonzero(np.sum(list(gradients.values()), axis=(0, 1)))
    first, side = field[0] - 0.5, len(field)
    for axis, (name, values) in zip(axes, gradients.items(), strict=False):
        axis.imshow(values / values.max(), vmin=0, vmax=1)
        axis.add_patch(Rectangle((first, first), side, side, fill=False, edgecolor=plot.COLORS[5], linewidth=2))
        axis.set_title(name)
        axis.axis("off")
    sums = {name: values.sum(axis=0) / values.sum(axis=0).max() for name, values in gradients.items()}
    size = len(next(iter(sums.values())))
    offsets = np.arange(size) - size // 2
    plot.curves(sums, x=offsets, xlabel="pixels from the middle", ylabel="gradient", axis=axes[2])
    for edge in (first, first + side):
        axes[2].axvline(edge - size // 2, color=plot.COLORS[5], linewidth=2, linestyle="-")
    axes[2].set(ylim=(-0.05, 1.45), title="column sums (yellow: the field's edges)")
    return fig


def overlaps(named: Mapping[str, np.ndarray]) -> Figure:
    """How many copies overlap at each place of a transposed convolution, a panel for each kernel."""
    fig, axes = plot.figure(1, len(named), size=(10, 3.9))
    for axis, (name, counts) in zip(axes, named.items(), strict=True):
        axis.imshow(counts, cmap="Blues", vmin=0, vmax=6)
        for (row, column), value in np.ndenumerate(counts):
            axis.text(column, row, f"{value:g}", ha="center", va="center", fontsize=11)
        axis.set_title(name)
        axis.axis("off")
    return fig
