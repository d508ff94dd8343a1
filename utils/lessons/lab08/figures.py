"""The figures of Lab 08."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from ...notebook import plot


def change_map(share: np.ndarray) -> Figure:
    """For each place of the window, the share (0 to 1) of pictures in which the class changes."""
    fig, axis = plot.figure(size=(5, 4))
    drawn = axis.imshow(100 * share, cmap="viridis", vmin=0)
    fig.colorbar(drawn, ax=axis, label="class changes, % of the pictures")
    axis.set(xlabel="column of the window", ylabel="row of the window")
    axis.set(xticks=range(0, share.shape[1], 3), yticks=range(0, share.shape[0], 3))
    axis.set_title("Padded classifier: windows against the whole picture")
    return fig


def objectness(share: float) -> Figure:
    """Mean binary cross-entropy of a detector that gives every cell the probability p, when `share` of them are positive."""
    p = np.geomspace(1e-4, 0.9, 300)
    fig, axis = plot.figure(size=(7, 3.5))
    axis.plot(p, -share * np.log(p) - (1 - share) * np.log(1 - p), color=plot.COLORS[1])
    for at, words in ((share, f"least at p = {share:.3f}"), (0.5, "p = 0.5: 0.69")):
        value = -share * np.log(at) - (1 - share) * np.log(1 - at)
        axis.plot(at, value, "o", color=plot.COLORS[2])
        axis.annotate(words, (at, value), xytext=(-6, 14), textcoords="offset points", ha="right")
    axis.set(xscale="log", ylim=(0, 1.2), xlabel="p, the same in every cell", ylabel="binary cross-entropy")
    return fig


def suppression(limits: Sequence[float], sweep: Mapping[str, Sequence[float]]) -> Figure:
    """mAP against the limit of non-maximum suppression, a line for each detector."""
    fig = plot.curves(sweep, x=limits, xlabel="limit of IoU (1: nothing is dropped)", ylabel="mAP at IoU 0.5")
    fig.axes[0].set_ylim(0)
    return fig


def precision_recall(curves: Mapping[str, object]) -> Figure:
    """Precision against recall of each `average_precision.Curve`, and the precision that is read: the best from there on."""
    fig, axis = plot.figure(size=(7, 4))
    for number, (name, curve) in enumerate(curves.items(), start=1):
        colour = plot.COLORS[number]
        best = np.maximum.accumulate(curve.precision[::-1])[::-1]
        axis.plot(curve.recall, curve.precision, color=colour, ls="-", lw=0.8, label=name)
        axis.plot(curve.recall, best, color=colour, ls=plot.LINES[number], lw=2.2, label=f"{name}, best from here on")
    axis.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.05))
    axis.legend(fontsize=10)
    return fig


def bars(values: Mapping[str, float], xlabel: str) -> Figure:
    """A horizontal bar for each value, with its number."""
    fig, axis = plot.figure(size=(8, 0.42 * len(values) + 1.1))
    places = -np.arange(len(values))
    axis.barh(places, list(values.values()), color=plot.COLORS[1], height=0.65)
    top = max(values.values()) or 1  # of a detector that finds nothing all are 0, and an axis must have a length
    for place, value in zip(places, values.values(), strict=True):
        axis.text(value + 0.01 * top, place, f"{value:.2f}" if top <= 1 else f"{value:.1f}", va="center")
    axis.set_yticks(places, list(values))
    axis.set(xlabel=xlabel, xlim=(min(0, min(values.values())), 1.12 * top))
    return fig
