"""The figures of lab 03, each with a function that says in words what it shows (the alternative text of `plot.show`)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...notebook import plot, sliders

GIB = 2**30
HATCHES = ("", "//", "..", "xx", "\\\\", "++")
COUNTS = ("parameters", "activations", "multiply_adds")  # the columns of a ledger that add up along the depth


# ---------------------------------------------------------------- where a network's numbers sit


def cumulative_shares(books: Sequence) -> Figure:
    """How parameters, activations and multiply-adds add up from the input of each network (a `Ledger`) to its output."""
    fig, axes = plot.figure(1, len(books), size=(5 * len(books), 3.9), sharey=True, squeeze=False)
    for axis, book in zip(axes[0], books, strict=True):
        for i, what in enumerate(COUNTS):
            shares = _shares(book, what)
            look = {"color": plot.COLORS[i + 1], "linestyle": plot.LINES[i], "marker": plot.MARKERS[i]}
            depth = np.linspace(0, 100, len(shares))
            axis.plot(depth, shares, markevery=max(1, len(shares) // 9), label=_words(what), **look)
        axis.set(title=book.name, xlabel="depth: % of the layers passed")
    axes[0][0].set_ylabel("% of the total, up to here")
    fig.legend(*axes[0][0].get_legend_handles_labels(), ncols=len(COUNTS), loc="outside lower center")
    return fig


def describe_shares(books: Sequence) -> str:
    """In words, for each network: after which part of its layers half of each count is reached."""
    sentences = ["Cumulative shares along the depth."]
    for book in books:
        halves = []
        for what in COUNTS:
            shares = _shares(book, what)
            depth = 100 * int(np.argmax(shares >= 50)) / (len(shares) - 1)
            halves.append(f"half of the {_words(what)} after {depth:.0f}% of the layers")
        sentences.append(f"{book.name} has {', '.join(halves)}.")
    return " ".join(sentences)


def _shares(book, what: str) -> np.ndarray:
    """% of the network's total that has been reached at each row of its ledger."""
    values = np.cumsum([getattr(row, what) or 0 for row in book.rows])
    return 100 * values / values[-1]


def _words(what: str) -> str:
    return what.replace("_", "-")


# ---------------------------------------------------------------- the memory of a training step


def memory_by_batch(books: Mapping[str, object], *, gib: float, batches: Sequence[int] = range(0, 129, 8)) -> Figure:
    """Memory of a training step (Adam, float32) against the batch, one line a network, and a card of `gib` GiB."""
    fig, axis = plot.figure(size=(10, 4.8))
    top, last, ends = 2.2 * gib, batches[-1], {}
    for i, (name, book) in enumerate(books.items()):
        start, slope = _line(book)
        look = {"color": plot.COLORS[1 + i % 6], "linestyle": plot.LINES[i % 6], "marker": plot.MARKERS[i % 6]}
        axis.plot(batches, [start + slope * batch for batch in batches], markevery=2, ms=5, **look)
        label = f"{name} ({book.parameters / 1e6:.1f} M)"
        if start + slope * last > top:
            axis.text((top - start) / slope - 2.5, 0.985 * top, label, ha="right", va="top", fontsize=11)
        else:
            ends[label] = start + slope * last
    below = -1.0
    for label, height in sorted(ends.items(), key=lambda item: item[1]):
        below = max(height, below + 0.055 * top)  # neighbouring labels keep the distance of a line of text
        axis.text(last + 1.5, below, label, va="center", fontsize=11)
    axis.axhline(gib, color=plot.COLORS[0], linewidth=2)
    axis.text(1, gib + 0.2, f"the card: {gib:g} GiB", fontsize=11)
    axis.set(xlabel="batch", ylabel="memory of a training step, GiB", xlim=(0, last), ylim=(0, top))
    axis.set_title("The slope comes from the activations, the starting point from the parameters")
    return fig


def describe_crossings(books: Mapping[str, object], *, gib: float) -> str:
    """In words: from which batch on each network no longer fits on a card of `gib` GiB, the steepest line first."""
    lines = {name: _line(book) for name, book in books.items()}
    steepest = sorted(lines, key=lambda name: -lines[name][1])
    crossings = [f"{name} after batch {int((gib - lines[name][0]) / lines[name][1])}" for name in steepest]
    highest = max(lines, key=lambda name: lines[name][0])
    return f"{highest} starts highest. The lines cross the card's {gib:g} GiB, the steepest first: {', '.join(crossings)}."


def _line(book) -> tuple[float, float]:
    """(memory without any example, memory of one example) of a training step with Adam, in GiB."""
    one, two = (book.training(batch, "adam").total / GIB for batch in (1, 2))
    return 2 * one - two, two - one


def bills(bills: Mapping[str, object], *, gib: float | None = None) -> Figure:
    """One stacked bar for each bill (a `Memory` of the ledger), and a line at `gib`, the memory of the card."""
    fig, axis = plot.figure(size=(10, 1.3 + 0.62 * len(bills)))
    order = list(dict.fromkeys(_part(part) for bill in bills.values() for part in bill.parts))
    for number, part in enumerate(order):
        axis.barh(0, 0, label=part, **_look(number))
    for y, bill in enumerate(bills.values()):
        _stack(axis, y, bill, order)
    if gib is not None:
        axis.axvline(gib, color=plot.COLORS[0], linewidth=2)
        axis.text(gib, 1.02, f"the card: {gib:g} GiB", ha="center", fontsize=11, transform=axis.get_xaxis_transform())
    most = max(bill.total for bill in bills.values()) / GIB
    axis.set(yticks=range(len(bills)), xlabel="GiB", xlim=(0, 1.18 * max(most, gib or 0)))
    axis.set_yticklabels(list(bills))
    axis.invert_yaxis()
    fig.legend(ncols=3, loc="outside lower center", fontsize=11)
    return fig


def describe_bills(bills: Mapping[str, object], *, gib: float | None = None) -> str:
    """In words: the total of each bill, and which of them exceed a card of `gib` GiB."""
    totals = [f"{name.replace(chr(10), ' in ')} {bill.total / GIB:.2f} GiB" for name, bill in bills.items()]
    said = f"Memory of a training step, part by part: {', '.join(totals)}."
    if gib is None:
        return said
    fits = [name for name, bill in bills.items() if bill.total <= gib * GIB]
    return f"{said} What fits on a card of {gib:g} GiB: {', '.join(fits) or 'nothing'}."


def _stack(axis: Axes, y: int, bill, order: list[str]) -> None:
    """The parts of one bill side by side, with their sum behind them."""
    left = 0.0
    for part, size in bill.parts.items():
        axis.barh(y, size / GIB, left=left, height=0.7, **_look(order.index(_part(part))))
        left += size / GIB
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    axis.text(left + 0.05, y, f"{left:.2f} GiB", va="center", fontsize=11, bbox=paper)


def _part(name: str) -> str:
    """The name of a bill's part without what stands in brackets, which differs between optimizers."""
    return name.split(" (")[0]


def _look(number: int) -> dict:
    return {"color": plot.COLORS[1 + number % 6], "hatch": HATCHES[number % 6], "edgecolor": "white"}


# ---------------------------------------------------------------- prediction and measurement


def predicted_against_measured(batches: Sequence[int], predicted: Sequence, peaks: Sequence[float]) -> Figure:
    """Predicted memory (`Memory` objects) as stacked bars by batch, and measured `peaks` (bytes) as diamonds; in megabytes."""
    fig, axis = plot.figure(size=(10, 4.2))
    bottom = np.zeros(len(batches))
    for i, part in enumerate(predicted[0].parts):
        sizes = np.array([bill.parts[part] for bill in predicted]) / 1e6
        axis.bar(batches, sizes, bottom=bottom, width=0.5 * (batches[1] - batches[0]), label=part, **_look(i))
        bottom += sizes
    axis.plot(batches, np.array(peaks) / 1e6, "D-", color=plot.COLORS[0], ms=10, label="measured peak")
    for batch, total, peak in zip(batches, bottom, peaks, strict=True):
        axis.text(batch, (peak + 0.04 * max(peaks)) / 1e6, f"{peak / 1e6 / total:.2f}×", ha="center", fontsize=12)
    axis.set(xlabel="batch", ylabel="MB", xticks=batches, ylim=(0, 1.2 * max(max(peaks) / 1e6, bottom.max())))
    fig.legend(loc="outside right center", fontsize=11)
    axis.set_title("Predicted part by part, and measured in a new process")
    return fig


def describe_measured(batches: Sequence[int], predicted: Sequence, peaks: Sequence[float]) -> str:
    """In words: prediction and measured peak at each batch."""
    pairs = [
        f"{bill.total / 1e6:.0f} and {peak / 1e6:.0f} MB at batch {batch}"
        for batch, bill, peak in zip(batches, predicted, peaks, strict=True)
    ]
    return f"Predicted memory, stacked by part, and measured peaks: {', '.join(pairs)}."


# ---------------------------------------------------------------- a live notebook's controls


def explore(books: Mapping[str, object]) -> None:
    """Controls for batch, optimizer, precision and card: the bills of all networks against the card."""

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
