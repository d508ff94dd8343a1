"""Figures of lecture 05: one scene, and what each step says about it."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch, Rectangle

from ...garden import CLASSES
from ...notebook import plot
from ...vision import boxes as geometry

COLOURS = plot.COLORS[1:6]  # one for each kind of flower
TRUE, FOUND = {"ls": "--", "ec": "white", "lw": 1.6}, {"ls": "-", "ec": plot.COLORS[5], "lw": 1.8}


def draw_found(axis, found, names=True):
    """`Detections` on a picture: a box in the colour of its class, with name and score."""
    for box, label, score in zip(found.boxes, found.labels, found.scores, strict=True):
        plot.boxes(axis, [box], ec=COLOURS[label], lw=1.8)
        if names:
            place = {"fontsize": 9, "color": "white", "va": "bottom", "clip_on": True}
            patch = {"facecolor": COLOURS[label], "edgecolor": "none", "pad": 1}
            axis.text(box[0], max(box[1], 6), f"{CLASSES[label]} {score:.2f}", bbox=patch, **place)


def draw_classes(axis, classes, image):
    """The map of classes (rows, columns) over the picture, which shows where there is no flower."""
    colours = ListedColormap([(0, 0, 0, 0), *COLOURS])
    side = len(image)
    extent = (-0.5, side - 0.5, side - 0.5, -0.5)
    axis.imshow(classes, cmap=colours, vmin=0, vmax=5, extent=extent, interpolation="nearest")


def pictures(count, size=4.2):
    """A row of `count` empty axes for pictures."""
    fig, axes = plot.figure(1, count, size=(min(10, size * count), size), squeeze=False)
    for axis in axes[0]:
        axis.axis("off")
    return fig, axes[0]


def _legend(fig):
    """Which colour stands for which kind of flower, below the figure."""
    patches = [Patch(facecolor=colour, label=name) for colour, name in zip(COLOURS, CLASSES, strict=True)]
    fig.legend(handles=patches, ncols=len(patches), loc="outside lower center", fontsize=11)


def scene(image, draw=None, title=""):
    """The scene alone; `draw` is called with the axis afterwards."""
    fig, (axis,) = pictures(1, 4.6)
    axis.imshow(image)
    if draw:
        draw(axis)
    axis.set_title(title)
    return fig


def side_by_side(image, draws, titles):
    """The scene once for each of `draws`, functions of the axis, and a legend of the colours."""
    fig, axes = pictures(len(draws))
    for axis, draw, title in zip(axes, draws, titles, strict=True):
        axis.imshow(image)
        draw(axis)
        axis.set_title(title, fontsize=12)
    _legend(fig)
    return fig


def heat(image, maps, sizes):
    """The classifier's answer at each scale over the picture: dark where nothing is, bright where something is."""
    fig, axes = pictures(len(maps), 3.4)
    for axis, values, size in zip(axes, maps, sizes, strict=True):
        axis.imshow(image)
        shown = axis.imshow(values, cmap="magma", vmin=0, vmax=1, alpha=0.7)
        axis.set_title(f"windows of {size} pixels", fontsize=12)
    fig.colorbar(shown, ax=axes, label="something is there", shrink=0.8)
    return fig


def grid(image, cells, boxes):
    """The cells of the grid, with those marked in which the centre of a box lies."""

    def draw(axis):
        step = len(image) / cells
        for k in range(1, cells):
            axis.axhline(k * step - 0.5, color="white", lw=0.4, ls="-")
            axis.axvline(k * step - 0.5, color="white", lw=0.4, ls="-")
        plot.boxes(axis, boxes, **TRUE)
        for x, y, *_ in geometry.to_centre(boxes):
            corner = (np.floor(x / step) * step - 0.5, np.floor(y / step) * step - 0.5)
            axis.add_patch(Rectangle(corner, step, step, facecolor=plot.COLORS[5], alpha=0.8, ec="none"))
            axis.plot(x - 0.5, y - 0.5, "o", color=plot.COLORS[0], ms=3)

    return scene(image, draw)


def precision_recall(curves):
    """Precision against recall for each `Curve` by name."""
    fig, axis = plot.figure(size=(7, 4))
    for number, (name, curve) in enumerate(curves.items(), start=1):
        axis.plot(curve.recall, curve.precision, color=plot.COLORS[number], ls=plot.LINES[number - 1], label=name)
    axis.set(xlabel="recall: share of the flowers that are found", ylabel="precision: share of the boxes that are right")
    axis.set(xlim=(0, 1), ylim=(0, 1.05))
    axis.legend()
    return fig


def sizes(widths_and_heights, typical):
    """Width against height of all boxes on logarithmic scales, with the anchors."""
    fig, axis = plot.figure(size=(6, 4.2))
    axis.loglog(*np.transpose(widths_and_heights), ".", color=plot.COLORS[6], alpha=0.5, label="flowers", ls="none")
    axis.loglog(*np.transpose(typical), "X", color=plot.COLORS[2], ms=13, mec="white", label="anchors", ls="none")
    axis.set(xlabel="width in pixels", ylabel="height in pixels")
    axis.legend()
    return fig


def roots(widths, error):
    """The squared error of a width that is `error` too large, of the width itself and of its root, against the width."""
    fig, axis = plot.figure(size=(7, 3.6))
    axis.plot(widths, np.full(len(widths), error**2), label="width", color=plot.COLORS[1], ls=plot.LINES[0])
    axis.plot(
        widths,
        (np.sqrt(widths + error) - np.sqrt(widths)) ** 2,
        label="root of the width",
        color=plot.COLORS[2],
        ls=plot.LINES[1],
    )
    axis.set(xscale="log", yscale="log", xlabel="true width, as a share of the picture", ylabel="squared error")
    axis.legend()
    return fig


def all_the_way(image, steps):
    """The scene in small, once for each step {title: function of the axis}."""
    columns = (len(steps) + 1) // 2
    fig, axes = plot.figure(2, columns, size=(10, 5.4))
    for axis in axes.flat:
        axis.axis("off")
    for axis, (title, draw) in zip(axes.flat, steps.items(), strict=False):
        axis.imshow(image)
        draw(axis)
        axis.set_title(title, fontsize=12)
    _legend(fig)
    return fig
