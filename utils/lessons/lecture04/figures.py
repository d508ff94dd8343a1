"""Figures of lecture 04: what a ConvNet looks at."""

import numpy as np

from ...notebook import plot
from .measures import KINDS


def _picture(axis, image, title="", **options):
    axis.imshow(np.squeeze(image), **options)
    axis.set_title(title, fontsize=11)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def filters(kernels, kinds):
    """Each 3×3 filter (3, 3, 3, count) as a picture, grey where it is 0, sorted by the kind with the largest share (count, 4)."""
    chosen = kinds.argmax(axis=1)
    order = np.lexsort((-kinds.max(axis=1), chosen))
    columns = 11
    fig, axes = plot.figure(-(-len(order) // columns), columns, size=(9.6, 3.4))
    for axis in axes.flat:
        axis.axis("off")
    for axis, k in zip(axes.flat, order, strict=False):
        kernel = kernels[..., k]
        _picture(axis, 0.5 + 0.5 * kernel / np.abs(kernel).max(), KINDS[chosen[k]], interpolation="nearest")
    return fig


def feature_maps(photo, maps, names, count=5):
    """A photo, and of each depth the `count` maps that vary most on it, one row a depth."""
    fig, axes = plot.figure(len(maps), count + 1, size=(9.4, 1.5 * len(maps)))
    for line, (name, each) in zip(axes, zip(names, maps, strict=True), strict=True):
        line[0].axis("off")
        rows, columns, channels = each.shape
        line[0].text(0.5, 0.5, f"{name}\n{rows}×{columns}×{channels:,}", ha="center", va="center", fontsize=11)
        varied = each.std(axis=(0, 1)).argsort()[::-1][:count]
        for axis, channel in zip(line[1:], varied, strict=True):
            _picture(axis, each[..., channel], f"channel {channel}", cmap="magma", interpolation="nearest")
    inset = axes[0, 0]
    inset.clear()
    rows, columns, channels = maps[0].shape
    _picture(inset, photo, f"{names[0]}\n{rows}×{columns}×{channels}")
    return fig


def best_patches(rows):
    """rows: {label: [picture, …]}, the strongest first."""
    labelled = [[(picture, "") for picture in pictures] for pictures in rows.values()]
    return plot.picture_rows(labelled, list(rows))


def ascents(pictures, titles, labels):
    """Rows of pictures scaled −1 … 1 with a title each; labels name the rows."""
    rows = [
        [((np.clip(picture, -1, 1) + 1) / 2, title) for picture, title in zip(line, lines, strict=True)]
        for line, lines in zip(pictures, titles, strict=True)
    ]
    return plot.picture_rows(rows, labels)


def maps_beside(photos, maps, labels, signed):
    """Each photo, and beside it its maps {name: (n, h, w)}, each drawn on its own scale; a single map stands below its photo.

    labels name the photos. signed: over the photo, red for what speaks for the class and blue for what speaks against it.
    Otherwise in grey, the strongest 1 % of the pixels white.
    """
    below = len(maps) == 1
    rows, columns = (2, len(photos)) if below else (len(photos), 1 + len(maps))
    fig, axes = plot.figure(rows, columns, size=(min(9.8, 2.1 * columns), 2.0 * rows), squeeze=False)
    for k, line in enumerate(axes.T if below else axes):
        _picture(line[0], photos[k], labels[k])
        for axis, (name, drawn) in zip(line[1:], maps.items(), strict=True):
            title = name if k == 0 or below else ""
            if signed:
                top = np.abs(drawn[k]).max() or 1
                axis.imshow(photos[k].mean(axis=-1), cmap="gray", vmin=-120, vmax=320)
                _picture(axis, drawn[k], title, cmap="RdBu_r", vmin=-top, vmax=top, alpha=0.6)
            else:
                _picture(axis, drawn[k], title, cmap="gray", vmin=0, vmax=np.percentile(drawn[k], 99) or 1)
    return fig


def with_intervals(steps, curves, ylabel, xlabel="", low=-1.0):
    """Curves with error bars, {name: [(value, low, high), …]}, one value for each of the named steps."""
    fig, axis = plot.figure(size=(9.2, 4.2))
    for i, (name, values) in enumerate(curves.items()):
        value, bottom, top = np.transpose(values)
        look = {"color": plot.COLORS[i + 1], "linestyle": plot.LINES[i], "marker": plot.MARKERS[i]}
        places = np.arange(len(steps)) + 0.04 * (i - len(curves) / 2)
        axis.errorbar(places, value, yerr=[value - bottom, top - value], capsize=3, label=name, **look)
    axis.axhline(0, color=plot.COLORS[0], lw=0.8, linestyle=":")
    axis.set_xticks(range(len(steps)), steps)
    axis.set(ylabel=ylabel, xlabel=xlabel, ylim=(low, 1.08))
    axis.legend(loc="best", fontsize=11)
    return fig


def shuffled_accuracy(series, rival, pictures):
    """Accuracy under each way to cut a photo, {series: {cut: (share, low, high)}}, above an example of each cut.

    `rival` is (share, low, high) of a classifier that no cutting changes.
    """
    cuts = list(next(iter(series.values())))
    fig, axes = plot.figure(2, len(cuts), size=(9.4, 5.2), height_ratios=(1.6, 1))
    grid = axes[0, 0].get_gridspec()
    for axis in axes[0]:
        axis.remove()
    above = fig.add_subplot(grid[0, :])
    width = 0.8 / len(series)
    for i, (name, scores) in enumerate(series.items()):
        share, low, high = np.transpose(list(scores.values()))
        places = np.arange(len(cuts)) + width * (i - (len(series) - 1) / 2)
        look = {"color": plot.COLORS[1 + 2 * i], "hatch": ("", "//")[i % 2], "edgecolor": "white"}
        above.bar(places, share, width=0.9 * width, label=name, **look)
        above.errorbar(places, share, yerr=[share - low, high - share], fmt="none", capsize=5, color=plot.COLORS[0])
        for place, value in zip(places, share, strict=True):
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
            above.text(place, 4, f"{value:.0f} %", ha="center", fontsize=11, bbox=box)
    end = len(cuts) - 0.5
    above.hlines(rival[0], -0.5, end, color=plot.COLORS[2], linestyle="--")
    above.fill_between([-0.5, end], *rival[1:], color=plot.COLORS[2], alpha=0.12)
    above.text(end, rival[0], " colours\n alone", va="center", color=plot.COLORS[2])
    above.hlines(20, -0.5, end, color=plot.COLORS[0], linestyle=":")
    above.text(end, 20, " chance", va="center")
    above.set(ylabel="accuracy, %", ylim=(0, 108), xlim=(-0.5, end + 0.45), xticks=[])
    above.legend(loc="upper right", ncols=2, fontsize=11)
    for axis, picture, name in zip(axes[1], pictures, cuts, strict=True):
        _picture(axis, picture, name)
    return fig
