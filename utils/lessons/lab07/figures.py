"""The figures of Lab 07."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ...notebook import plot
from ...notebook.intervals import mean_interval


def agreement(ious: np.ndarray) -> Figure:
    """How many pairs of boxes agree how well."""
    fig, axis = plot.figure(size=(7, 3))
    axis.hist(ious, bins=np.linspace(0.5, 1, 26), color=plot.COLORS[1], edgecolor="white")
    axis.axvline(ious.mean(), color=plot.COLORS[2], linestyle="--")
    axis.text(ious.mean() - 0.005, axis.get_ylim()[1] * 0.9, f"mean {ious.mean():.2f}", ha="right", color=plot.COLORS[2])
    axis.set(xlabel="IoU of the two rounds", ylabel="pairs of boxes")
    return fig


def one_box_against(truth, guesses: Mapping[str, Sequence[float]]) -> Figure:
    """Guesses of one box, each beside the true one, in one row."""
    fig, axes = plot.figure(1, len(guesses), size=(3 * len(guesses), 3))
    looks = (plot.COLORS[0], "-"), (plot.COLORS[2], "--")
    for axis, (title, guess) in zip(np.atleast_1d(axes), guesses.items(), strict=True):
        for (x0, y0, x1, y1), (colour, style) in zip((truth, guess), looks, strict=True):
            axis.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, ec=colour, ls=style, lw=2))
        everything = np.array([truth, guess])
        axis.set_xlim(everything[:, 0].min() - 4, everything[:, 2].max() + 4)
        axis.set_ylim(everything[:, 3].max() + 4, everything[:, 1].min() - 4)
        axis.set(aspect="equal", xticks=[], yticks=[], title=title)
    return fig


def scores(rows: Mapping[str, np.ndarray], ceiling: float | None = None, xlabel="mean IoU, with 95 % interval") -> Figure:
    """The mean IoU of each method with its interval, from the IoU of every picture; `ceiling` as a dashed line."""
    fig, axis = plot.figure(size=(8, 0.45 * len(rows) + 1.2))
    for place, values in enumerate(rows.values()):
        mean, half = interval(values)
        axis.errorbar(mean, -place, xerr=half, fmt="o", color=plot.COLORS[1], capsize=4)
        axis.text(mean, -place + 0.18, f"{mean:.3f}", ha="center", fontsize=10)
    axis.set_yticks(-np.arange(len(rows)), list(rows))
    if ceiling is not None:
        axis.axvline(ceiling, color=plot.COLORS[2], linestyle="--")
        axis.text(ceiling, 0.45, "ceiling", ha="right", color=plot.COLORS[2], fontsize=10)
    axis.set(xlabel=xlabel, ylim=(-len(rows) + 0.4, 0.8))
    return fig


def interval(values) -> tuple[float, float]:
    """(mean, half the width of its 95 % interval) of the values of n independent pictures."""
    mean, low, _ = mean_interval(values)
    return mean, mean - low


def in_words(rows: Mapping[str, np.ndarray]) -> str:
    """What `scores` shows, in words."""
    return ", ".join(f"{name} {values.mean():.2f}" for name, values in rows.items())
