"""The figures of lab 03. Each function returns a figure for `plot.show`."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from ...notebook import plot, sliders

GIB = 2**30


def two_bars(books: Sequence, shown: Sequence[str] = ("parameters", "activations", "multiply_adds")) -> Figure:
    """Where parameters, activations and work sit along each network: cumulated shares from input to output."""
    fig, axes = plot.figure(1, len(books), size=(5 * len(books), 3.9), sharey=True, squeeze=False)
    for axis, book in zip(axes[0], books, strict=True):
        for i, what in enumerate(shown):
            values = np.cumsum([getattr(row, what) or 0 for row in book.rows])
            depth = np.linspace(0, 100, len(values))
            axis.plot(depth, 100 * values / values[-1], color=plot.COLORS[i + 1], linestyle=plot.LINES[i], marker=plot.MARKERS[i],
                      markevery=max(1, len(values) // 9), label=what.replace("_", "-"))  # fmt: skip
        axis.set(title=book.name, xlabel="depth: % of the layers passed")
    axes[0][0].set_ylabel("% of all, up to here")
    axes[0][0].legend(loc=(0.47, 0.3))
    return fig


def memory_by_batch(books: Mapping[str, object], *, gib: float = 8, batches: Sequence[int] = range(0, 129, 8)) -> Figure:
    """Memory of a training step against the batch, one line a network, and the card as a horizontal line."""
    fig, axis = plot.figure(size=(10, 4.8))
    top, last, ends = 2.2 * gib, batches[-1], {}
    for i, (name, book) in enumerate(books.items()):
        one, two = (book.training(batch, "adam").total / GIB for batch in (1, 2))
        start, slope = 2 * one - two, two - one
        look = {"color": plot.COLORS[1 + i % 6], "linestyle": plot.LINES[i % 6], "marker": plot.MARKERS[i % 6]}
        axis.plot(batches, [start + slope * batch for batch in batches], markevery=2, ms=5, **look)
        label = f"{name} ({book.parameters / 1e6:.1f} M)"
        if start + slope * last > top:
            axis.text((top - start) / slope - 2.5, 0.985 * top, label, ha="right", va="top", fontsize=11)
        else:
            ends[label] = start + slope * last
    below = -1.0
    for label, height in sorted(ends.items(), key=lambda item: item[1]):
        below = max(height, below + 0.055 * top)  # labels of neighbours keep a line's distance
        axis.text(last + 1.5, below, label, va="center", fontsize=11)
    axis.axhline(gib, color=plot.COLORS[0], linewidth=2)
    axis.text(1, gib + 0.2, f"the card: {gib:g} GiB", fontsize=11)
    axis.set(xlabel="batch", ylabel="memory of a training step, GiB", xlim=(0, last), ylim=(0, top))
    axis.set_title("The slope is the activations, the starting point the parameters")
    return fig


def bills(bills: Mapping[str, object], *, gib: float | None = None) -> Figure:
    """One stacked bar a bill (a `Memory` of the ledger), its parts in the order of the bill."""
    fig, axis = plot.figure(size=(10, 1.3 + 0.62 * len(bills)))
    hatches = ("", "//", "..", "xx", "\\\\", "++")
    order = list(dict.fromkeys(part.split(" (")[0] for bill in bills.values() for part in bill.parts))
    for y, bill in enumerate(bills.values()):
        left = 0.0
        for part, size in bill.parts.items():
            number = order.index(part.split(" (")[0])
            look = {"color": plot.COLORS[1 + number % 6], "hatch": hatches[number % 6], "edgecolor": "white"}
            axis.barh(y, size / GIB, left=left, height=0.7, **look)
            left += size / GIB
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        axis.text(left + 0.05, y, f"{left:.2f} GiB", va="center", fontsize=11, bbox=paper)
    for number, part in enumerate(order):
        axis.barh(0, 0, color=plot.COLORS[1 + number % 6], hatch=hatches[number % 6], edgecolor="white", label=part)
    if gib is not None:
        axis.axvline(gib, color=plot.COLORS[0], linewidth=2)
        axis.text(gib, 1.02, f"the card: {gib:g} GiB", ha="center", fontsize=11, transform=axis.get_xaxis_transform())
    most = max(bill.total for bill in bills.values()) / GIB
    axis.set(yticks=range(len(bills)), xlabel="GiB", xlim=(0, 1.18 * max(most, gib or 0)))
    axis.set_yticklabels(list(bills))
    axis.invert_yaxis()
    fig.legend(ncols=3, loc="outside lower center", fontsize=11)
    return fig


def predicted_against_measured(batches: Sequence[int], bills: Sequence, measured: Sequence[float]) -> Figure:
    """Stacked predictions by batch, with the measured peaks as diamonds; megabytes."""
    fig, axis = plot.figure(size=(10, 4.2))
    hatches = ("", "//", "..", "xx", "\\\\", "++")
    bottom = np.zeros(len(batches))
    for i, part in enumerate(bills[0].parts):
        sizes = np.array([bill.parts[part] for bill in bills]) / 1e6
        look = {"color": plot.COLORS[1 + i], "hatch": hatches[i], "edgecolor": "white", "label": part}
        axis.bar(batches, sizes, bottom=bottom, width=0.5 * (batches[1] - batches[0]), **look)
        bottom += sizes
    axis.plot(batches, np.array(measured) / 1e6, "D-", color=plot.COLORS[0], ms=10, label="measured peak")
    for batch, predicted, peak in zip(batches, bottom, measured, strict=True):
        axis.text(batch, (peak + 0.04 * max(measured)) / 1e6, f"{peak / 1e6 / predicted:.2f}×", ha="center", fontsize=12)
    axis.set(xlabel="batch", ylabel="MB", xticks=batches, ylim=(0, 1.2 * max(max(measured) / 1e6, bottom.max())))
    fig.legend(loc="outside right center", fontsize=11)
    axis.set_title("Predicted, part by part, and measured in a fresh process")
    return fig


def explore(books: Mapping[str, object]) -> None:
    """Sliders for batch, optimizer and precision: the bills of all networks against the card. Needs a live kernel."""

    def draw(batch, optimizer, precision, card_in_GiB):
        needed = {name: book.training(batch, optimizer, precision) for name, book in books.items()}
        fits = [name for name, bill in needed.items() if bill.total <= card_in_GiB * GIB]
        alt = f"Memory of a training step with batch {batch}. What fits {card_in_GiB} GiB: {', '.join(fits) or 'nothing'}."
        return bills(needed, gib=card_in_GiB), alt

    sliders.show(
        draw,
        batch=(1, 256, 32),
        optimizer=["adam", "momentum", "sgd"],
        precision=["float32", "mixed_float16", "float16"],
        card_in_GiB=(4, 80, 8),
    )
