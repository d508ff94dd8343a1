"""Figures of lab 06."""

import numpy as np

from ...notebook import plot
from ...notebook.intervals import mean_interval, share_interval
from ...vision import cam


def heat(picture, values):
    """`picture` (h, w, 3) in −1 … 1, dimmed, with the positive part of a map (h, w) over it, from black to yellow."""
    shown = cam.to_unit(values)[..., None]
    colours = plot.plt.get_cmap("inferno")(shown[..., 0])[..., :3]
    grey = ((np.asarray(picture, np.float32) + 1) / 2).mean(axis=-1, keepdims=True)
    return np.clip(0.35 * grey + 0.75 * colours, 0, 1)


def shown(picture):
    """`picture` in −1 … 1 as `imshow` takes it."""
    return np.clip((np.asarray(picture, np.float32) + 1) / 2, 0, 1)


def gallery(pictures, titles, maps):
    """A row of pictures (n, h, w, 3) in −1 … 1 with their `titles`, and below it a row for each of the maps, name → (n, h, w)."""
    rows = [[(shown(picture), title) for picture, title in zip(pictures, titles, strict=True)]]
    for values in maps.values():
        rows.append([(heat(picture, one), "") for picture, one in zip(pictures, values, strict=True)])
    names = [name.replace(", ", ",\n") if "," in name else name.replace(" ", "\n", 1) for name in maps]
    return plot.picture_rows(rows, ["", *names])


def _bars(mean, low, high):
    """The two lengths of an error bar; rounding must not make an end of no length negative."""
    return [[max(0, mean - low)], [max(0, high - mean)]]


def ranking(scores, *, label, chance=None, network=()):
    """Bars with 95 % intervals, the best on top. scores: name → (mean, low, high), shares; `network`: those that ask one."""
    ordered = sorted(scores.items(), key=lambda item: item[1][0])
    fig, axis = plot.figure(size=(8.5, 0.42 * len(ordered) + 1.2))
    for place, (name, (mean, low, high)) in enumerate(ordered):
        look = {"color": plot.COLORS[6]} if name in network else {"color": "white", "hatch": "//"}
        axis.barh(place, 100 * mean, height=0.65, edgecolor="black", **look)
        axis.errorbar(100 * mean, place, xerr=_bars(100 * mean, 100 * low, 100 * high), color="black", capsize=4)
    axis.set_yticks(range(len(ordered)), [name for name, _ in ordered])
    if chance is not None:
        axis.axvline(100 * chance, color="black", linestyle=":", linewidth=1.5)
    axis.set(xlabel=label, xlim=(0, 105))
    return fig


def sanity(steps, correlations):
    """How similar each map is to itself, against what has been shuffled. correlations: name → [(mean, low, high), …]."""
    fig, axis = plot.figure(size=(8.5, 4))
    for look, (name, values) in enumerate(correlations.items(), 1):
        mean, low, high = np.array(values).T
        axis.errorbar(
            range(len(steps)), mean, [mean - low, high - mean], label=name, color=plot.COLORS[look],
            marker=plot.MARKERS[look], linestyle=plot.LINES[look - 1], capsize=4,
        )  # fmt: skip
    axis.set_xticks(range(len(steps)), steps)
    axis.axhline(0, color="black", linewidth=0.8)
    axis.set(xlabel="kernels shuffled, from the top down", ylabel="rank correlation with before", ylim=(-1, 1.05))
    fig.legend(loc="outside upper center", ncols=3)
    return fig


def deletion(deleted, inserted, areas, network=()):
    """Mean curves while pixels are deleted and inserted, and the area between the two for each map, with intervals.

    deleted, inserted: name → (n, steps + 1). areas: name → (mean, low, high). network: names of maps that ask a network.
    """
    fig, axes = plot.figure(1, 3, size=(10, 4.2), width_ratios=(1, 1, 0.8))
    for axis, curves, title in zip(axes, (deleted, inserted), ("deletion", "insertion"), strict=False):
        share = np.linspace(0, 100, next(iter(curves.values())).shape[1])
        plot.curves(
            {name: each.mean(axis=0) for name, each in curves.items()}, x=share, xlabel="pixels replaced (%)",
            ylabel="probability of the class" if title == "deletion" else "", axis=axis,
        )  # fmt: skip
        axis.get_legend().remove()
        axis.set(title=title, ylim=(0, 1.02))
    axes[1].set_xlabel("pixels shown (%)")
    ordered = sorted(areas, key=lambda name: areas[name][0])
    for place, name in enumerate(ordered):
        mean, low, high = areas[name]
        look = {"color": plot.COLORS[6]} if name in network else {"color": "white", "hatch": "//"}
        axes[2].barh(place, mean, height=0.65, edgecolor="black", **look)
        axes[2].errorbar(mean, place, xerr=_bars(mean, low, high), color="black", capsize=4)
    axes[2].set_yticks(range(len(ordered)), ordered)
    axes[2].set(title="area between", xlabel="insertion − deletion")
    axes[2].axvline(0, color="black", linewidth=0.8)
    handles, names = axes[0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=3)
    return fig


def stamp(hits, energy, chances, rivals):
    """Two rows of bars, for each map the peaks on the stamp and the part of the map inside it; and what they show, in words.

    hits, energy: name → one array (n,) for each network, shares. chances: what a flat map scores in each row. rivals: names of
    maps that ask no network. A bar is the mean over networks, the marks on it are the single networks. Returns (figure, text).
    """
    names = sorted(hits, key=lambda name: np.mean(hits[name]))
    fig, axes = plot.figure(1, 2, size=(10, 0.42 * len(names) + 1.3), sharey=True)
    labels = ("peaks on the stamp (%)", "part of the map inside the stamp (%)")
    intervals, looks = (share_interval, mean_interval), plot.COLORS[6:4:-1]
    rows = zip(axes, (hits, energy), labels, looks, intervals, chances, strict=True)
    for axis, scores, label, look, interval, chance in rows:
        for place, name in enumerate(names):
            means = 100 * np.mean(scores[name], axis=1)
            _, low, high = (100 * each for each in interval(np.mean(scores[name], axis=0)))
            shape = {"color": "white", "hatch": "//"} if name in rivals else {"color": look}
            axis.barh(place, means.mean(), height=0.65, edgecolor="black", **shape)
            axis.errorbar(means.mean(), place, xerr=_bars(means.mean(), low, high), color="black", capsize=4)
            axis.plot(means, [place] * len(means), "o", color="black", markersize=4)
        axis.axvline(100 * chance, color="black", linestyle=":", linewidth=1.5)
        axis.set(xlabel=label, xlim=(0, None))
    axes[0].set_yticks(range(len(names)), names)
    said = [f"{name} {np.mean(hits[name]):.0%} and {np.mean(energy[name]):.0%}" for name in reversed(names)]
    return fig, "; ".join(said) + "."
