"""Figures of lecture 02: architectures drawn from the models themselves, and what was measured with them."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from ...notebook import plot

BLACK, BLUE, VERMILION, GREEN, PINK, ORANGE, SKY = plot.COLORS

# How each kind of layer is drawn: what the legend calls it, its colour, its hatch.
KINDS = {
    "Conv2D": ("convolution", SKY, ""),
    "SeparableConv2D": ("separable convolution", BLUE, ""),
    "MaxPooling2D": ("max pooling", ORANGE, "//"),
    "AveragePooling2D": ("average pooling", ORANGE, "\\\\"),
    "GlobalAveragePooling2D": ("global average", PINK, "xx"),
    "Concatenate": ("concatenation", GREEN, ".."),
    "Add": ("addition", GREEN, "++"),
    "Dense": ("dense", VERMILION, "--"),
}


# ---------------------------------------------------------------- shapes of whole networks


def silhouette(book, title: str = "") -> Figure:
    """A network from its ledger: a box for each layer, as tall as its map (square-root scale), wider with more channels."""
    rows = [row for row in book.rows if row.kind in KINDS]
    fig, axis = plot.figure(size=(9.6, 2.8))
    widths = [0.25 + 0.75 * np.sqrt(row.output_shape[-1] / 512) if len(row.output_shape) == 3 else 0.5 for row in rows]
    lefts = np.concatenate([[0], np.cumsum(np.asarray(widths) + 0.18)[:-1]])
    previous, side, used = None, None, {}
    for row, left, width in zip(rows, lefts, widths, strict=True):
        name, colour, hatch = KINDS[row.kind]
        flat = len(row.output_shape) == 1
        tall = np.sqrt(row.output_shape[-1]) / 6 if flat else np.sqrt(row.output_shape[0])
        box = Rectangle((left, -tall / 2), width, tall, facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0.5)
        axis.add_patch(box)
        used.setdefault(name, box)
        label = f"{row.output_shape[-1]}" if flat else f"{row.output_shape[0]}²×{row.output_shape[-1]}"
        named = not flat or row.kind == "Dense"
        if named and label != previous and (len(rows) < 30 or row.output_shape[:1] != side):  # a deep network: new sizes only
            axis.text(left, -tall / 2 - 0.5, label, rotation=-40, ha="left", va="top", fontsize=11)
        previous, side = label, row.output_shape[:1]
    total = lefts[-1] + widths[-1]
    tallest = np.sqrt(max(row.output_shape[0] for row in rows if len(row.output_shape) == 3))
    axis.set(xlim=(-0.2, max(total * 1.06, 7)), ylim=(-tallest / 2 - 4.5, tallest / 2 + 0.5))
    axis.legend(used.values(), used.keys(), fontsize=11, ncols=len(used), loc="upper right", bbox_to_anchor=(1, 1.14))
    axis.set_title(title, loc="left", fontsize=13)
    axis.axis("off")
    return fig


def cost_shares(rows: dict[str, tuple[float, float, float]]) -> Figure:
    """For named parts of a network their shares (in %) of parameters, activations and multiply-adds, as three stacked bars."""
    fig, axis = plot.figure(size=(9, 3.0))
    looks = ((SKY, ""), (BLUE, "\\\\"), (ORANGE, "//"), (VERMILION, "xx"), (GREEN, ".."), (PINK, "++"))
    start = np.zeros(3)
    for (name, values), (colour, hatch) in zip(rows.items(), looks, strict=False):
        bars = axis.barh(range(3), values, left=start, color=colour, hatch=hatch, edgecolor="white", label=name)
        axis.bar_label(bars, [f"{v:.0f} %" if v >= 6 else "" for v in values], label_type="center", fontsize=12, color=BLACK,
                       bbox={"facecolor": "white", "alpha": 0.75, "pad": 1, "edgecolor": "none"})  # fmt: skip
        start += values
    axis.set_yticks(range(3), ["parameters", "activations", "multiply-adds"])
    axis.invert_yaxis()
    axis.set(xlabel="share, %", xlim=(0, 100))
    axis.legend(ncols=len(rows), loc="upper center", bbox_to_anchor=(0.5, 1.2), fontsize=11)
    return fig


# ---------------------------------------------------------------- blocks


def _box(axis, x, y, text, colour, width=1.9, height=0.62) -> None:
    style = FancyBboxPatch(
        (x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0.04", facecolor=colour, alpha=0.55
    )
    axis.add_patch(style)
    axis.text(x, y, text, ha="center", va="center", fontsize=12)


def _arrow(axis, start, end, *, curve=0.0, style="-") -> None:
    look = {"arrowstyle": "-|>", "mutation_scale": 13, "linewidth": 1.4, "linestyle": style, "shrinkA": 0, "shrinkB": 0}
    axis.add_patch(FancyArrowPatch(start, end, connectionstyle=f"arc3,rad={curve}", color=BLACK, **look))


def _canvas(size, x, y):
    fig, axis = plot.figure(size=size)
    axis.set(xlim=x, ylim=y)
    axis.axis("off")
    return fig, axis


def inception_module(branches, inputs: int) -> Figure:
    """The Inception module with its filters: (1×1), (reduce, 3×3), (reduce, 5×5), (pool, 1×1); depths are added up."""
    fig, axis = _canvas((9, 3.9), (0, 10), (-0.2, 4.5))
    one, (red3, three), (red5, five), proj = branches
    _box(axis, 5, 0.2, f"input, {inputs} maps", "0.8", 2.6)
    columns = (1.3, 3.8, 6.3, 8.7)
    lower = (None, f"1×1, {red3}", f"1×1, {red5}", "max pool 3×3")
    upper = (f"1×1, {one}", f"3×3, {three}", f"5×5, {five}", f"1×1, {proj}")
    for x, low, high in zip(columns, lower, upper, strict=True):
        _box(axis, x, 2.6, high, SKY)
        if low:
            _box(axis, x, 1.5, low, ORANGE if "pool" in low else PINK)
            _arrow(axis, (5, 0.53), (x, 1.15))
            _arrow(axis, (x, 1.85), (x, 2.25))
        else:
            _arrow(axis, (3.65, 0.4), (x, 2.25))
        _arrow(axis, (x, 2.95), (5, 3.63))
    _box(axis, 5, 4.0, f"concatenate: {one} + {three} + {five} + {proj} = {one + three + five + proj} maps", GREEN, 6.2)
    return fig


def residual_blocks() -> Figure:
    """A plain block, a residual block and a residual block that changes the shape, side by side."""
    fig, axis = _canvas((9.6, 4.1), (0, 11.2), (-0.3, 5.1))
    for x, kind in ((1.5, "plain"), (4.7, "residual"), (8.2, "residual, stride 2")):
        for y, text in ((1.0, "3×3, BN, relu"), (2.1, "3×3, BN")):
            _box(axis, x, y, text, SKY, 2.0)
        _arrow(axis, (x, 0.05), (x, 0.65)), _arrow(axis, (x, 1.35), (x, 1.75))
        axis.text(x, -0.05, "x", ha="center", va="top", fontsize=14)
        if kind == "plain":
            _arrow(axis, (x, 2.45), (x, 3.85))
        else:
            _box(axis, x, 3.1, "+", GREEN, 0.5)
            _arrow(axis, (x, 2.45), (x, 2.75)), _arrow(axis, (x, 3.45), (x, 3.85))
            axis.text(x - 0.3, 2.58, "F(x)", ha="right", va="center", fontsize=12)
            if kind == "residual":
                axis.plot([x, x + 1.4, x + 1.4], [0.3, 0.3, 3.1], color=BLACK, ls="--", lw=1.4)
                _arrow(axis, (x + 1.4, 3.1), (x + 0.3, 3.1), style="--")
                axis.text(x + 1.5, 1.5, "x", fontsize=14)
            else:
                axis.plot([x, x + 2, x + 2], [0.3, 0.3, 1.2], color=BLACK, ls="--", lw=1.4)
                _box(axis, x + 2, 1.6, "1×1, BN", PINK, 1.3)
                axis.plot([x + 2, x + 2], [1.95, 3.1], color=BLACK, ls="--", lw=1.4)
                _arrow(axis, (x + 2, 3.1), (x + 0.3, 3.1), style="--")
        _box(axis, x, 4.15, "relu", ORANGE, 1.0, 0.5)
        axis.text(x, 4.7, kind, ha="center", fontsize=13, weight="bold")
    return fig


def dense_block(start: int, growth: int, count: int) -> Figure:
    """A dense block: each layer reads all maps made before it and adds `growth` new ones to the pile."""
    fig, axis = _canvas((9.4, 3.9), (-0.7, 2.1 * count + 2.0), (-1.2, 3.2))
    places = [0] + [2.1 * (i + 1) for i in range(count)]
    for i, x in enumerate(places):
        _box(axis, x, 0, f"{start} maps" if i == 0 else f"layer {i}\n+{growth}", "0.8" if i == 0 else SKY, 1.2, 0.9)
        axis.text(x, -0.75, f"{start + growth * i} in all", ha="center", va="top", fontsize=12)
        for j, target in enumerate(places[i + 1 :], start=1):
            look = (BLACK, "-") if j == 1 else (BLACK, "--")
            gap = 0.66
            if j == 1:
                _arrow(axis, (x + gap, 0), (target - gap, 0))
            else:
                _arrow(axis, (x + 0.1 * j, 0.5), (target - 0.1 * (i + 1), 0.5), curve=-0.42, style=look[1])
    return fig


def separable_convolution(size: int, inputs: int, outputs: int) -> Figure:
    """A full convolution beside a separable one, with their weights: space and depth together, or one after the other."""
    full, depth, point = size * size * inputs * outputs, size * size * inputs, inputs * outputs
    fig, axis = _canvas((9.4, 3.0), (0, 10), (-0.1, 4.0))
    axis.text(2.2, 3.7, "convolution", ha="center", fontsize=13, weight="bold")
    _box(axis, 2.2, 0.4, f"{inputs} maps", "0.8", 2.2)
    _box(axis, 2.2, 1.8, f"{size}×{size} over all {inputs} maps\n{full:,} weights", SKY, 3.6, 0.95)
    _box(axis, 2.2, 3.1, f"{outputs} maps", "0.8", 2.2)
    _arrow(axis, (2.2, 0.75), (2.2, 1.27)), _arrow(axis, (2.2, 2.32), (2.2, 2.75))
    axis.text(7.2, 3.7, "separable convolution", ha="center", fontsize=13, weight="bold")
    _box(axis, 7.2, 0.25, f"{inputs} maps", "0.8", 2.2, 0.5)
    _box(axis, 7.2, 1.2, f"depthwise: {size}×{size} on each map alone\n{depth:,} weights", ORANGE, 4.4, 0.85)
    _box(axis, 7.2, 2.3, f"pointwise: 1×1 over all maps\n{point:,} weights", PINK, 4.4, 0.85)
    _box(axis, 7.2, 3.2, f"{outputs} maps", "0.8", 2.2, 0.5)
    for low, high in ((0.54, 0.74), (1.66, 1.84), (2.76, 2.92)):
        _arrow(axis, (7.2, low), (7.2, high))
    return fig


# ---------------------------------------------------------------- measured


def training_curves(curves: dict, final: dict) -> Figure:
    """Training accuracy (%) of each network by epoch, and its accuracy on training and test digits at the end."""
    fig, axes = plot.figure(1, 2, size=(9.6, 3.8), width_ratios=(1.25, 1))
    plot.curves(curves, xlabel="epoch", ylabel="training accuracy, %", axis=axes[0])
    axes[0].set_ylim(0, 101)
    axes[0].legend(fontsize=11)
    places = np.arange(len(final))
    for side, hatch in enumerate(("", "//")):
        values = [pair[side] for pair in final.values()]
        colours = [plot.COLORS[i + 1] for i in range(len(final))]
        bars = axes[1].bar(places + 0.4 * side - 0.2, values, 0.38, color=colours, hatch=hatch, edgecolor="white", alpha=0.9)
        axes[1].bar_label(bars, fmt="%.0f", fontsize=11)
    axes[1].set_xticks(places, [name.replace("-", "\n") for name in final], fontsize=11)
    axes[1].set(ylim=(0, 108), ylabel="accuracy at the end, %")
    axes[1].set_title("plain bar: training; hatched: test", fontsize=12)
    return fig


def cost_map(table: dict[str, tuple[float, float]]) -> Figure:
    """Networks by parameters (millions) and multiply-adds (billions) of one image, both on logarithmic axes."""
    fig, axis = plot.figure(size=(8.6, 4.1))
    for i, (name, (parameters, work)) in enumerate(table.items()):
        axis.plot(parameters, work, marker=plot.MARKERS[i % 7], color=plot.COLORS[i % 6 + 1], ms=10, ls="")
        axis.annotate(name, (parameters, work), xytext=(9, (6, -15)[i % 2]), textcoords="offset points", fontsize=12)
    axis.set(xscale="log", yscale="log", xlabel="parameters, millions", ylabel="multiply-adds an image, billions")
    axis.margins(x=0.22, y=0.15)
    axis.grid(color="0.9")
    return fig


# The models that the figure names, and where their names stand, in points from the mark.
_NAMED = {
    "ResNet-50": (10, 2),
    "Xception": (-4, 14),
    "SENet": (-20, -26),
    "GPipe": (6, -16),
    "EfficientNet-B7": (-30, 16),
    "EfficientNet-L2": (-112, 6),
    "ResNet-50 Billion-scale SSL": (-16, 16),
    "Big Transfer (BiT-L)": (-155, -4),
    "Meta Pseudo Labels (EfficientNet-L2)": (-150, 6),
}


def imagenet(table, frontier) -> Figure:
    """Size against accuracy: `table` has columns model, parameters, top1, extra; `frontier` are the labels of its best rows."""
    fig, axis = plot.figure(size=(9.6, 4.3))
    for extra, marker, colour, label in ((False, "o", BLUE, "ImageNet alone"), (True, "^", VERMILION, "with extra data")):
        part = table[table.extra == extra]
        axis.scatter(part.parameters, part.top1, s=55, marker=marker, color=colour, label=label, zorder=3)
    best = table.loc[frontier].sort_values("parameters")
    axis.step(best.parameters, best.top1, where="post", color="0.5", ls="--", label="nothing smaller is better (ImageNet alone)")
    by_name = table.set_index("model")
    for name, offset in _NAMED.items():
        look = {"xytext": offset, "textcoords": "offset points", "arrowprops": {"arrowstyle": "-", "color": "0.6"}}
        axis.annotate(name, (by_name.parameters[name], by_name.top1[name]), fontsize=11, **look)
    axis.set(xscale="log", xlabel="parameters, millions", ylabel="top-1 accuracy, %")
    axis.set_xticks([25, 50, 100, 200, 400, 800], ["25", "50", "100", "200", "400", "800"])
    axis.minorticks_off()
    axis.legend(fontsize=11, loc="lower right")
    axis.grid(color="0.92")
    return fig


def relabelled_accuracy(table, slope: float, offset: float, suspects) -> Figure:
    """Accuracy on the relabelled validation set against top-1, the line that fits them, and the rows far from it."""
    fig, axis = plot.figure(size=(8.6, 3.9))
    judged = table.dropna(subset=["real"])
    fine = judged.drop(suspects)
    axis.scatter(fine.top1, fine.real, s=50, color=BLUE, label="models")
    x = np.array([judged.top1.min(), judged.top1.max()])
    axis.plot(x, offset + slope * x, color="0.5", ls="--", label="line through the middle (Theil–Sen)")
    axis.plot(x, x, color=BLACK, ls=":", label="both the same")
    for row in suspects:
        axis.scatter(table.top1[row], table.real[row], s=120, marker="X", color=VERMILION, zorder=3)
        axis.annotate(f"{table.model[row]}: {table.real[row]}", (table.top1[row], table.real[row]), xytext=(14, -5),
                      textcoords="offset points", fontsize=12)  # fmt: skip
    axis.set(xlabel="top-1 accuracy, original labels, %", ylabel="accuracy, ReaL labels, %")
    axis.legend(fontsize=11, loc="lower right")
    return fig


def search_results(best_so_far: dict, accuracies: list) -> Figure:
    """Left: the accuracies (%) of all architectures. Right: the best found so far, mean and 95 % interval, against trainings.

    `best_so_far`: search → array (runs, trainings), in %.
    """
    fig, axes = plot.figure(1, 2, size=(9.6, 3.8), width_ratios=(1, 1.3))
    axes[0].hist(accuracies, bins=30, color=SKY, edgecolor="white")
    axes[0].axvline(np.max(accuracies), color=VERMILION, ls="--", label="the best")
    axes[0].set(xlabel="validation accuracy, %", ylabel="architectures")
    axes[0].legend(fontsize=11)
    for i, (name, runs) in enumerate(best_so_far.items()):
        trainings = np.arange(1, runs.shape[1] + 1)
        mean, margin = runs.mean(axis=0), 1.96 * runs.std(axis=0) / len(runs) ** 0.5
        axes[1].plot(trainings, mean, label=name, color=plot.COLORS[i + 1], linestyle=plot.LINES[i])
        axes[1].fill_between(trainings, mean - margin, mean + margin, color=plot.COLORS[i + 1], alpha=0.2)
    axes[1].axhline(np.max(accuracies), color=VERMILION, ls="--", lw=1)
    axes[1].set(xlabel="architectures trained", ylabel="best found so far, %")
    axes[1].legend(fontsize=11, loc="lower right")
    return fig


def architecture(names: list[str], colours=(SKY, PINK, ORANGE, GREEN)) -> Figure:
    """An architecture of the search: a chain of chosen operations between a stem and the classifier."""
    fig, axis = _canvas((9.4, 1.0), (-0.2, 2.3 * (len(names) + 2)), (-0.6, 0.6))
    chain = ["stem 3×3", *names, "mean, dense"]
    for i, name in enumerate(chain):
        _box(axis, 1 + 2.3 * i, 0, name, "0.8" if i in (0, len(chain) - 1) else colours[i % len(colours)], 1.75)
        if i:
            _arrow(axis, (2.3 * i - 0.33, 0), (2.3 * i + 0.07, 0))
    return fig
