"""Figures of lecture 03: transfer and augmentation."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np

from ...notebook import plot


def _picture(axis, image, title="", size=11):
    axis.imshow(np.squeeze(image))
    axis.set_title(title, fontsize=size)
    axis.set_xticks([]), axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(False)


def pretrained(base, given, learned):
    """The stack of blocks drawn to the scale of its maps, the cut, and the head."""
    stops = ("block1_conv2_act", "block2_pool", "block4_pool", "block13_pool", "block14_sepconv2_act")
    present = {layer.name: layer.output.shape[1:] for layer in base.layers}
    shapes = [(name, present[name]) for name in stops if name in present]
    side = base.input_shape[1]
    fig, axis = plot.figure(size=(9.4, 3.6))
    boxes = [("photo", (side, side, 3)), *((name.split("_")[0], shape) for name, shape in shapes)]
    for place, (name, (height, width, depth)) in enumerate(boxes):
        half = 0.14 + 0.5 * height / side
        axis.add_patch(
            plt.Rectangle((place - 0.22, -half), 0.44, 2 * half, facecolor="#dfeaf4", edgecolor=plot.COLORS[1], lw=1.5)
        )
        axis.text(place, half + 0.06, name, ha="center", va="bottom", fontsize=12)
        axis.text(place, -half - 0.06, f"{height}×{width}\n×{depth:,}", ha="center", va="top", fontsize=11)
        axis.annotate("", (place + 0.76, 0), (place + 0.24, 0), arrowprops={"arrowstyle": "->"})
    end = len(boxes)
    axis.add_patch(
        plt.Rectangle((end - 0.22, -0.3), 0.44, 0.6, facecolor="#fbe5d6", edgecolor=plot.COLORS[2], lw=1.5, hatch="//")
    )
    axis.text(end, 0.36, "your head", ha="center", va="bottom", fontsize=12, color=plot.COLORS[2])
    axis.text(end, -0.36, "5", ha="center", va="top", fontsize=11)
    axis.plot([end - 0.5, end - 0.5], [-0.9, 0.9], linestyle="--", color=plot.COLORS[0], lw=1)
    axis.text(end - 0.6, 0.92, f"given: {given:,} parameters", ha="right", va="bottom", fontsize=12)
    axis.text(end - 0.4, 0.92, f"learned: {learned:,}", ha="left", va="bottom", fontsize=12)
    axis.set(xlim=(-0.5, end + 0.9), ylim=(-1.05, 1.1))
    axis.axis("off")
    return fig


def bars(values, xlabel, reference=None):
    """Horizontal bars {name: value}, with vertical reference lines {name: value}."""
    fig, axis = plot.figure(size=(8.6, 0.55 * len(values) + 1.3))
    for place, value in enumerate(values.values()):
        axis.barh(place, value, color=plot.COLORS[1], edgecolor="white")
        axis.text(max(value, 0), place, f" {value:.2f}", va="center")
    for name, value in (reference or {}).items():
        axis.plot([value, value], [-0.55, len(values) - 0.4], color=plot.COLORS[2], linestyle="--")
        axis.text(value, -0.6, name, color=plot.COLORS[2], ha="center", va="bottom", fontsize=11)
    axis.set_yticks(range(len(values)), values)
    axis.set(xlabel=xlabel, xlim=(min(0, *values.values()), 1.12), ylim=(len(values) - 0.4, -1.1))
    return fig


def feature_maps(photo, maps, names, count=4):
    """The photo, and of each depth the `count` maps that vary most, brightest where they fire."""
    fig, axes = plot.figure(len(maps), count + 1, size=(9.0, 1.55 * len(maps)))
    for line, feature_map, name in zip(axes, maps, names, strict=True):
        line[0].axis("off")
        line[0].text(0.5, 0.5, f"{name.split('_')[0]}\n{feature_map.shape[0]}×{feature_map.shape[1]}", ha="center", va="center")
        strong = feature_map.std(axis=(0, 1)).argsort()[::-1][:count]
        for axis, channel in zip(line[1:], strong, strict=True):
            axis.imshow(feature_map[..., channel], cmap="magma", interpolation="nearest")
            axis.set_xticks([]), axis.set_yticks([])
            axis.set_ylabel(f"map {channel}", fontsize=10)
    axes[0, 0].clear()
    _picture(axes[0, 0], photo, f"the photo\nright: {names[0].split('_')[0]} ({maps[0].shape[0]}×{maps[0].shape[1]})")
    return fig


def neighbours(photos, labels, classes, by_pixels, by_features, queries, count=3):
    """For each query its nearest photos by pixels (left) and by features (right)."""
    fig, axes = plot.figure(len(queries), 2 * count + 1, size=(10, 1.85 * len(queries)))
    for line, query in zip(axes, queries, strict=True):
        for axis, index in zip(line[:count], by_pixels[query, :count][::-1], strict=True):
            _picture(axis, photos[index], classes[labels[index]])
        _picture(line[count], photos[query], classes[labels[query]])
        for spine in line[count].spines.values():
            spine.set(visible=True, linewidth=3, color=plot.COLORS[2])
        for axis, index in zip(line[count + 1 :], by_features[query, :count], strict=True):
            _picture(axis, photos[index], classes[labels[index]])
    fig.supxlabel("←  nearest by pixels          framed: the photo          nearest by features  →", fontsize=12)
    return fig


def learning(counts, curves_by_name):
    """Learning curves {name: accuracy in percent}, over photos a class on a logarithmic axis."""
    fig = plot.curves(
        curves_by_name, x=counts, xlabel="photos of each flower to learn from", ylabel="test accuracy, %", size=(8.4, 3.8)
    )
    axis = fig.axes[0]
    axis.set_xscale("log")
    axis.set_xticks(counts, counts)
    axis.minorticks_off()
    axis.axhline(20, color=plot.COLORS[0], linestyle=":", lw=1)
    axis.text(counts[-1], 20.8, "chance", ha="right", va="bottom", fontsize=11)
    axis.set_ylim(10, 100)
    return fig


def rates(tuned, frozen):
    """Accuracy after tuning at each learning rate, and a line for the frozen network."""
    fig, axis = plot.figure(size=(8.4, 3.4))
    for place, (rate, value) in enumerate(tuned.items()):
        axis.bar(place, value, width=0.6, color=plot.COLORS[1 + place], edgecolor="white", hatch=("", "//", "xx")[place % 3])
        axis.text(place, value + 1, f"{value:.1f} %", ha="center", va="bottom")
        axis.text(place, 3, f"rate {rate:g}", ha="center", color="white", fontsize=12, fontweight="bold",
                  bbox={"facecolor": "black", "alpha": 0.55, "edgecolor": "none", "pad": 2})  # fmt: skip
    axis.axhline(frozen, color=plot.COLORS[0], linestyle="--")
    axis.text(len(tuned) - 0.45, frozen, f" frozen\n {frozen:.1f} %", va="center")
    axis.set(ylabel="test accuracy, %", ylim=(0, 105), xlim=(-0.6, len(tuned) + 0.1))
    axis.set_xticks([])
    return fig


def audited(measured, version):
    """Bars of the measured ranges of three readings, one panel a setting."""
    fig, axes = plot.figure(1, len(measured), size=(9.6, 3.0))
    shown = (("right", "px to the right"), ("down", "px downwards"), ("lean", "degrees of lean"))
    for axis, (setting, ranges) in zip(axes, measured.items(), strict=True):
        for place, (name, _) in enumerate(shown):
            low, high = ranges[name]
            axis.barh(place, high - low, left=low, color=plot.COLORS[1 + place], hatch=("", "//", "xx")[place], edgecolor="white")
            axis.text(34, place, f"±{max(abs(low), abs(high)):.1f}", va="center", ha="right", fontsize=12)
        axis.axvline(0, color=plot.COLORS[0], lw=0.8)
        axis.set(title=f"{setting}=0.2", xlim=(-21, 35), xticks=(-20, 0, 20))
        axis.set_yticks(range(len(shown)), [text for _, text in shown] if axis is axes[0] else [""] * len(shown))
        axis.invert_yaxis()
    fig.supxlabel(f"measured on pictures 90 px wide and 60 px high, Keras {version}", fontsize=12)
    return fig


def moved(changed, likeness, same, other):
    """One photo under each change above the likeness of its features, with the likeness within and across classes."""
    fig, axes = plot.figure(2, len(changed), size=(10, 3.9), height_ratios=(1, 1.5))
    grid = axes[0, 0].get_gridspec()
    for axis in axes[1]:
        axis.remove()
    below = fig.add_subplot(grid[1, :])
    for place, (axis, (name, pictures)) in enumerate(zip(axes[0], changed.items(), strict=True)):
        _picture(axis, pictures[0], textwrap.fill(name.replace("RandA", "Rand-A").replace(" %", "\u00a0%"), 11))
        below.bar(place, likeness[name], width=0.55, color=plot.COLORS[1], edgecolor="white")
        below.text(place, likeness[name] + 0.02, f"{likeness[name]:.2f}", ha="center")
    for value, text, style in ((same, "another photo, same flower", "--"), (other, "another flower", ":")):
        below.axhline(value, color=plot.COLORS[2], linestyle=style, label=text)
    below.legend(loc="upper right", ncols=2, fontsize=11)
    below.set(ylabel="likeness\nof features", ylim=(0, 1.4), yticks=(0, 0.5, 1), xlim=(-0.5, len(changed) - 0.5))
    below.set_xticks([])
    return fig


def gain(before, after, low, high):
    """The four kinds of test photos as a bar, and the gain with its interval."""
    fig, (left, right) = plot.figure(1, 2, size=(9.6, 2.6), width_ratios=(1.5, 1))
    kinds = (
        ("both right", before & after, ""),
        ("only with mirrored views", ~before & after, "//"),
        ("only without", before & ~after, "xx"),
        ("both wrong", ~before & ~after, ".."),
    )
    for place, (_, which, hatch) in enumerate(kinds):
        left.barh(place, which.sum(), color=plot.COLORS[1 + place], hatch=hatch, edgecolor="white")
        left.text(which.sum(), place, f" {which.sum()}", va="center")
    left.set_yticks(range(4), [name for name, _, _ in kinds])
    left.set(xlabel=f"of {len(before)} test photos", xlim=(0, 1.12 * max(which.sum() for _, which, _ in kinds)))
    left.invert_yaxis()
    middle = (low + high) / 2
    right.errorbar(middle, 0, xerr=[[middle - low], [high - middle]], fmt="o", ms=9, capsize=6, lw=2, color=plot.COLORS[1])
    right.axvline(0, color=plot.COLORS[0], linestyle="--", lw=1)
    right.set(xlabel="gain in points, 95 % interval", ylim=(-1, 1), xlim=(min(low, -1) - 1, max(high, 1) + 1))
    right.set_yticks([])
    right.spines["left"].set_visible(False)
    return fig


def digits(score, seconds):
    """Accuracy, in percent, of each way to read digits, with the seconds that it took."""
    fig, axis = plot.figure(size=(8.8, 0.62 * len(score) + 1.1))
    for place, (name, value) in enumerate(score.items()):
        axis.barh(place, value, color=plot.COLORS[1 + place], hatch=("", "//", "xx")[place], edgecolor="white")
        axis.text(value, place, f" {value:.1f} %, {seconds[name]:.1f} s", va="center")
    axis.set_yticks(range(len(score)), score)
    axis.set(xlabel="accuracy on 300 new digits, %", xlim=(0, 135), xticks=range(0, 101, 20))
    axis.invert_yaxis()
    return fig
