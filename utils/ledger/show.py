"""The ledger for people: a table for the terminal, one for Jupyter, a data frame, and the two bars."""

import html
from fractions import Fraction

from ..data.console import printable

HEAD = ("layer", "output", "weights", "biases", "activations", "multiply-adds", "field", "stride")


def _cells(row) -> tuple[str, ...]:
    return (
        row.name,
        "×".join(_axis(n) for n in row.output_shape) or "1",
        _count(row.weights, "weights", row),
        _count(row.biases, "biases", row),
        _count(row.activations, "activations", row),
        _count(row.multiply_adds, "multiply-adds", row),
        "?" if "receptive field" in row.not_counted else _sides(row.receptive_field),
        _sides(row.stride),
    )


def _totals(book) -> tuple[str, ...]:
    return (
        "total",
        "",
        f"{book.weights:,}",
        f"{book.biases:,}",
        _bound(book, "activations") + f"{int(book.activations):,}",
        _bound(book, "multiply-adds") + f"{int(book.multiply_adds):,}",
        "",
        "",
    )


def _bound(book, what: str) -> str:
    return "≥ " if book.lacks(what) else ""


def notes(book) -> list[str]:
    """The lines under the table: sums, sizes, and what could not be counted."""
    parameters, activations = _size(book.parameters * 4), _size(int(book.activations) * 4)
    least = {what: "at least " if book.lacks(what) else "" for what in ("activations", "multiply-adds")}
    lines = [
        f"{book.parameters:,} parameters = {parameters} in float32, {book.trainable:,} of them trainable; "
        f"{book.activations:,} activations = {least['activations']}{activations} an example; "
        f"{least['multiply-adds']}{_short(int(book.multiply_adds))} multiply-adds."
    ]
    lines += [f"{name}: {note}." for name, note in book.trace.notes.items()]
    lines += [f"{row.name}: {row.note}." for row in book.rows if row.note]
    if book.not_counted:
        least = book.lacks("activations") or book.lacks("multiply-adds")
        lines.append(
            ("NOT COUNTED, so totals with ≥ are lower bounds: " if least else "NOT COUNTED: ") + "; ".join(book.not_counted) + "."
        )
    return lines


def text(book) -> str:
    """The table for a terminal."""
    rows = [HEAD, *map(_cells, book.rows), _totals(book)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["  ".join(_placed(cell, width, i) for i, (cell, width) in enumerate(zip(row, widths, strict=True))) for row in rows]
    rule = "─" * len(lines[0])
    return printable("\n".join([book.name, lines[0], rule, *lines[1:-1], rule, lines[-1], *notes(book)]))


def page(book) -> str:
    """The table for Jupyter."""

    def line(cells, tag="td", style=""):
        sides = ["left"] + ["right"] * (len(cells) - 1)
        scope = " scope='col'" if tag == "th" else ""
        parts = (
            f"<{tag}{scope} style='text-align:{side}'>{html.escape(cell)}</{tag}>"
            for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr{style}>{''.join(parts)}</tr>"

    body = "".join(line(_cells(row)) for row in book.rows)
    total = line(_totals(book), style=" style='font-weight:bold;border-top:2px solid'")
    below = "".join(f"<p style='margin:.2em 0'>{html.escape(note)}</p>" for note in notes(book))
    caption = f"<caption style='text-align:left'>{html.escape(book.name)}</caption>"
    table = f"<table>{caption}<thead>{line(HEAD, 'th')}</thead><tbody>{body}{total}</tbody></table>"
    return f"<div style='overflow:auto;max-height:60em'>{table}</div>{below}"


def frame(book):
    """The rows as a pandas DataFrame with nullable integers."""
    import pandas as pd

    columns = ["name", "kind", "output_shape", "weights", "biases", "parameters", "trainable", "activations"]
    columns += ["multiply_adds", "receptive_field", "stride", "note"]
    table = pd.DataFrame([[getattr(row, column) for column in columns] for row in book.rows], columns=columns)
    counts = ["weights", "biases", "parameters", "trainable", "activations", "multiply_adds"]
    table[counts] = table[counts].astype("Int64")
    table["not_counted"] = [", ".join(row.not_counted) for row in book.rows]
    return table


def stages(book) -> dict[str, tuple[int, int]]:
    """Parameters and activations by the resolution of the layer's output: {"56×56": (parameters, activations), …}."""
    sums: dict[str, tuple[int, int]] = {}
    name = "head"
    for row in book.rows:
        shape = row.output_shape if all(isinstance(n, (int, type(None))) for n in row.output_shape) else ()
        if not row.kind.startswith(("ZeroPadding", "Cropping")):  # a frame of zeros begins no stage of its own
            # One example's vector has one axis; everything after the last feature map is the head.
            axes = row.positions or shape[:-1]
            name = "×".join(_axis(n) for n in axes) if len(shape) > 1 else "head"
        parameters, activations = sums.get(name, (0, 0))
        sums[name] = (parameters + row.parameters, activations + (row.activations or 0))
    return sums


def describe(book) -> str:
    """Where most of the parameters and most of the activations sit."""
    sums = stages(book)
    sentences = []
    for i, (what, total) in enumerate((("parameters", book.parameters), ("activations", book.activations))):
        place = max(sums, key=lambda name: sums[name][i])
        share = f"{sums[place][i] / total:.1%}" if total else "none"
        where = "in the head" if place == "head" else f"at {place}"
        sentences.append(f"{share} of the {total:,} {what} sit {where}")
    return printable(f"{book.name}: {'; '.join(sentences)}.")


def figure(book):
    """Two stacked bars: where the parameters are, and where the activations are."""
    from ..notebook import plot

    sums = stages(book)
    fig, axis = plot.figure(size=(10, 3.4))
    hatches = ("", "//", "..", "xx", "\\\\", "++", "--", "oo")
    bars = (("activations", 1, book.activations), ("parameters", 0, book.parameters))
    for y, (_, i, total) in enumerate(bars):
        left = 0.0
        for number, (name, counts) in enumerate(sums.items()):
            share = counts[i] / total if total else 0
            colour = plot.COLORS[0 if name == "head" else 1 + number % (len(plot.COLORS) - 1)]
            axis.barh(y, share, left=left, color=colour, hatch=hatches[number % len(hatches)], edgecolor="white",
                      label=name if y == 0 else None)  # fmt: skip
            if share >= 0.04:
                label = f"{name}\n{share:.0%}" if share >= 0.08 else f"{share:.0%}"
                axis.text(left + share / 2, y, label, ha="center", va="center", fontsize=11,
                          bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5})  # fmt: skip
            left += share
    axis.set_yticks(range(2), [f"{what}\n{total:,}" for what, _, total in bars])
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    axis.set_title(f"{book.name}: where the numbers are, by the size of the feature map")
    fig.legend(ncols=min(len(sums), 7), loc="outside lower center", fontsize=11)
    return fig


def _placed(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column < 1 else cell.rjust(width)


def _size(count: int) -> str:
    return f"{count / 1e6:,.{1 if count >= 1e8 else 2}f} MB" if count >= 1e6 else f"{count / 1e3:,.1f} kB"


def _short(count: int) -> str:
    return f"{count / 1e9:,.3f} G" if count >= 1e8 else f"{count:,}"


def _axis(length) -> str:
    return "?" if length is None else str(length)


def _count(value: int | None, what: str, row) -> str:
    if value is None:
        return "?"
    if not value:
        return "-" if row.kind != "InputLayer" or what == "activations" else ""
    return ("≥ " if what in row.not_counted else "") + f"{int(value):,}"


def _sides(values) -> str:
    if values is None:
        return "-"
    shown = [str(v) if isinstance(v, Fraction) and v.denominator > 1 else str(int(v)) for v in values]
    return shown[0] if len(set(shown)) == 1 else "×".join(shown)
