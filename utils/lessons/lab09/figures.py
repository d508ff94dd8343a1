"""The figures of Lab 09, each with what its alternative text needs."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ...ledger import ledger
from ...notebook import plot
from ...notebook.intervals import mean_interval
from ...vision import segmentation
from . import recipe

# Background dark grey, then one colour a flower, white for the sixth class where there is one.
PALETTE = ("#303030", "#56b4e9", "#e69f00", "#d55e00", "#f0e442", "#cc79a7", "#ffffff")


def masks(images, rows: Mapping[str, np.ndarray]) -> Figure:
    """Pictures in the first row, and below them one row of maps for each of `rows`, with a legend of the classes shown.

    images: (n, height, width, 3). Maps: classes (n, h, w), or bool, flower or not.
    """
    across, down = len(images), len(rows) + 1
    width = min(10, 1.9 * across + 0.6)
    fig, axes = plot.figure(down, across, size=(width, width / across * down + 0.4), squeeze=False)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    for axis, image in zip(axes[0], images, strict=True):
        axis.imshow(image)
    seen = set()
    for line, (name, maps) in zip(axes[1:], rows.items(), strict=True):
        two = np.asarray(maps).dtype == bool
        colours = ListedColormap(("#303030", "#f2f2f2") if two else PALETTE)
        for axis, each in zip(line, maps, strict=True):
            axis.imshow(each, cmap=colours, vmin=0, vmax=1 if two else len(PALETTE) - 1, interpolation="nearest")
        line[0].set_ylabel(name, fontsize=12)
        seen |= set() if two else set(np.unique(maps).tolist())
    axes[0][0].set_ylabel("picture", fontsize=12)
    if seen:
        patches = [Patch(facecolor=PALETTE[c], edgecolor="#000000", label=recipe.CLASSES[c]) for c in sorted(seen)]
        fig.legend(handles=patches, ncols=len(patches), loc="outside lower center", fontsize=11)
    return fig


def in_words(maps) -> str:
    """Which flowers each map shows, in words."""
    said = []
    for each in maps:
        names = [recipe.CLASSES[c] for c in np.unique(each) if c]
        said.append(f"{' and '.join(names) or 'no flower'} on {np.mean(each > 0):.0%} of the pixels")
    return "; ".join(said)


def dice_curve() -> Figure:
    """Dice's coefficient against the IoU of the same answer, from the counts of pixels."""
    shared = np.arange(0, 101)
    tables = [np.array([[0, 100 - both], [0, both]]) for both in shared]
    dice, iou = ([measure(table)[1] for table in tables] for measure in (segmentation.dice, segmentation.iou))
    return plot.curves({"Dice": dice[::5], "IoU": iou[::5]}, x=iou[::5], xlabel="IoU", ylabel="value", size=(5, 3))


def checkerboards(pairs: Sequence[tuple[int, int]], counted: Sequence, painted: Sequence) -> Figure:
    """For each (kernel, stride): how often each output is touched, and what a layer with random weights makes of ones."""
    fig, axes = plot.figure(2, len(pairs), size=(10, 4))
    for column, (kernel, stride) in enumerate(pairs):
        axes[0, column].set_title(f"kernel {kernel}\nstride {stride}", fontsize=11)
        for row, maps in enumerate((counted, painted)):
            axes[row, column].imshow(maps[column], vmin=0, vmax=1)
            axes[row, column].set(xticks=[], yticks=[])
    axes[0, 0].set_ylabel("touches", fontsize=12)
    axes[1, 0].set_ylabel("output", fontsize=12)
    return fig


def deepest_field(model) -> int:
    """The receptive field, in pixels, of the encoder's last convolution: the fifth of the network."""
    import keras

    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    return ledger(keras.Model(model.input, convolutions[4].output)).rows[-1].receptive_field[0]


def most_different(truth, first, second, count: int) -> np.ndarray:
    """The scenes, with a flower on a tenth of the pixels or more, on which two answers differ most about where flowers are."""
    different = np.mean((first > 0) != (second > 0), axis=(1, 2)) * (np.mean(truth > 0, axis=(1, 2)) >= 0.1)
    return np.argsort(-different, kind="stable")[:count]


def _leads(truth, first, second) -> np.ndarray:
    """By how much the IoU of `first` is above that of `second`, scene by scene."""
    leads = []
    for maps in zip(truth, first, second, strict=True):
        one, other = (segmentation.iou(segmentation.confusion(maps[0], each, 2))[1] for each in maps[1:])
        leads.append(one - other)
    return np.array(leads)


def where_they_part(truth, first, second, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The scenes on which `first` is furthest ahead of `second`, and those on which it is furthest behind."""
    order = np.argsort(-_leads(truth, first, second), kind="stable")
    return order[:count], order[::-1][:count]


def lead_in_words(truth, first, second, chosen) -> str:
    """By how much `first` leads on the scenes `chosen`."""
    leads = _leads(truth[chosen], first[chosen], second[chosen])
    return " and ".join(f"{lead:.2f}" for lead in leads)


def two_sets_of_boxes(image, own, found, step: int) -> Figure:
    """A picture twice: with the box of each flower, and with those of the components of its map; boxes in map pixels."""
    fig, axes = plot.figure(1, 2, size=(7, 3.8))
    sets = (("each flower", own, plot.COLORS[6]), ("components of the perfect map", found, plot.COLORS[5]))
    for axis, (name, boxes, colour) in zip(axes, sets, strict=True):
        axis.imshow(image)
        axis.set(xticks=[], yticks=[], title=f"{name}: {len(boxes)}")
        plot.boxes(axis, np.asarray(boxes) * step, ec=colour, lw=2.5)
    return fig


def mean_and_interval(values) -> list[tuple[float, float]]:
    """Mean and half the width of its 95 % interval (Student's t), for each column of (runs, measures)."""
    columns = [mean_interval(column) for column in np.transpose(values)]
    return [(mean, mean - low) for mean, low, _ in columns]


def intervals(by_name: Mapping[str, np.ndarray], measures: Sequence[str]) -> Figure:
    """One panel a measure: every run as a dot, the mean and its 95 % interval as a bar."""
    fig, axes = plot.figure(1, len(measures), size=(9, 3.2), sharey=True)
    for column, (axis, measure) in enumerate(zip(axes, measures, strict=True)):
        for row, values in enumerate(by_name.values()):
            mean, half = mean_and_interval(values)[column]
            axis.errorbar(mean, row, xerr=half, fmt="s", color=plot.COLORS[1], capsize=4)
            axis.plot(values[:, column], np.full(len(values), row + 0.25), "o", color=plot.COLORS[2], linestyle="", ms=4)
        axis.set(xlabel=measure, yticks=range(len(by_name)), yticklabels=list(by_name))
    return fig


def intervals_in_words(by_name: Mapping[str, np.ndarray]) -> str:
    """The means, in words."""
    said = [f"{name} {values[:, 0].mean():.3f} and {values[:, 1].mean():.3f}" for name, values in by_name.items()]
    return "; ".join(said)
