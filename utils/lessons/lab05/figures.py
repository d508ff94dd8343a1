"""Figures of lab 05."""

import numpy as np

from ...notebook import plot


def ladder(steps, chance):
    """Horizontal bars of accuracy with 95 % confidence intervals. steps: list of `recipe.Step`; chance: 0 … 1."""
    fig, axis = plot.figure(size=(9, 0.75 * len(steps) + 1.3))
    places = np.arange(len(steps))[::-1]
    for place, step in zip(places, steps, strict=True):
        accuracy, hatch = 100 * step.accuracy, "//" if step is steps[0] else None
        error = 196 * np.sqrt(step.accuracy * (1 - step.accuracy) / step.photos)
        axis.barh(place, accuracy, height=0.6, color=plot.COLORS[6], edgecolor="black", hatch=hatch)
        axis.errorbar(accuracy, place, xerr=error, color="black", capsize=4, linestyle="none")
        axis.text(2, place, f"{accuracy:.1f} %", va="center", fontsize=12, backgroundcolor="white")
        axis.text(103, place, f"{step.seconds:.0f} s", va="center", fontsize=12)
    axis.axvline(100 * chance, color="black", linestyle=":", linewidth=1.5)
    axis.text(100 * chance + 1, len(steps) - 0.55, "guessing", fontsize=11)
    axis.set(xlim=(0, 101), ylim=(-0.5, len(steps) - 0.3), xlabel="accuracy on held-out photos (%), with 95 % interval")
    axis.set_yticks(places, [step.name for step in steps])
    axis.text(103, len(steps) - 0.55, "since start", fontsize=11)
    return fig


def controls(rows):
    """What each fault costs, a row each. rows: list of (name, accuracy done right, accuracy with the fault), 0 … 1."""
    fig, axis = plot.figure(size=(9, 0.6 * len(rows) + 1.4))
    places = np.arange(len(rows))[::-1]
    for place, (_, right, faulty) in zip(places, rows, strict=True):
        axis.plot([100 * right, 100 * faulty], [place, place], color="black", linewidth=1.5, linestyle=":")
        right_mark = axis.plot(100 * right, place, "o", markersize=10, color=plot.COLORS[3])[0]
        fault_mark = axis.plot(100 * faulty, place, "X", markersize=11, color=plot.COLORS[2])[0]
        axis.text(100 * min(right, faulty) - 2, place, f"{100 * (faulty - right):+.0f}", ha="right", va="center", fontsize=12)
    axis.set_yticks(places, [name for name, *_ in rows])
    axis.set(xlim=(0, 101), ylim=(-0.6, len(rows) - 0.4), xlabel="accuracy on held-out photos (%)")
    fig.legend([right_mark, fault_mark], ["done right", "with the fault"], loc="outside upper right", ncols=2, fontsize=12)
    return fig


def small_tests(differences, size, on_all):
    """Histogram of retrained minus frozen accuracy (shares) on random test sets of `size` photos.

    Bars below 0 are hatched. `on_all` is the difference on all test photos, a share too.
    """
    fig, axis = plot.figure(size=(8, 3.4))
    points = 100 * np.asarray(differences)
    step = 100 / size
    bins = np.arange(np.floor(points.min() / step) - 0.5, np.ceil(points.max() / step) + 1.5) * step
    _, _, bars = axis.hist(points, bins=bins, color=plot.COLORS[6], edgecolor="black")
    for bar in bars:
        if bar.get_x() + bar.get_width() / 2 < -step / 4:
            bar.set(facecolor=plot.COLORS[2], hatch="//")
    axis.axvline(0, color="black", linewidth=1.5)
    axis.axvline(100 * on_all, color=plot.COLORS[3], linewidth=2.5, linestyle="--", label="all test photos")
    axis.set(xlabel=f"retrained minus frozen on {size} photos, in points", ylabel="times")
    axis.legend()
    return fig


def spaces(maps, labels, classes):
    """A scatter plot for each (title, points (n, 2)) of `maps`, with a colour and a marker for each class.

    labels: (n,) integers, indices into the names `classes`.
    """
    fig, axes = plot.figure(1, len(maps), size=(10, 4.8))
    for axis, (title, points) in zip(np.atleast_1d(axes), maps, strict=True):
        for i, name in enumerate(classes):
            chosen = points[labels == i]
            axis.scatter(*chosen.T, s=28, color=plot.COLORS[i + 1], marker=plot.MARKERS[i], label=name, alpha=0.8, linewidths=0)
        axis.set(title=title, xticks=[], yticks=[])
    handles, names = np.atleast_1d(axes)[0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=len(classes), fontsize=12)
    return fig


def confusion(table, classes):
    """The confusion matrix `table` (classes, classes) with its counts; rows are the labels, columns the guesses."""
    fig, axis = plot.figure(size=(6.4, 5))
    plot.numbers(axis, table, format="d")
    axis.set_xticks(range(len(classes)), classes, rotation=30, ha="right")
    axis.set_yticks(range(len(classes)), classes)
    axis.set(xlabel="guess of the network", ylabel="label")
    return fig
