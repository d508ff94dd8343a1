"""Figures of Lab 02. Each function draws what it is given and returns the figure."""

import numpy as np

from ...notebook import plot

_MARKERS = {"mlp": "s", "convnet": "o"}


def losses_on_one_batch(evidence: dict):
    """The loss on one batch against the step, a line for each pipeline; a dotted line at ln 10."""
    fig, axis = plot.figure(size=(8, 4.2))
    plot.curves(
        {f"patient {name}": np.maximum(e.batch_losses, 1e-3) for name, e in evidence.items()},
        x=np.arange(len(next(iter(evidence.values())).batch_losses)),
        xlabel="steps on the same batch of digits",
        ylabel="cross-entropy (log scale)",
        axis=axis,
    )
    for line in axis.lines:
        line.set_markevery(6)
    axis.axhline(np.log(10), color="gray", linewidth=1, linestyle=":")
    axis.text(axis.get_xlim()[1], np.log(10) * 1.12, "guessing: ln 10", ha="right", va="bottom", fontsize=11, color="#444444")
    axis.set_yscale("log")
    axis.set_ylim(8e-4, None)
    axis.set_yticks([1e-3, 1e-2, 1e-1, 1, 10, 100], ["0.001 or less", "0.01", "0.1", "1", "10", "100"])
    axis.legend(loc="upper right", ncols=2)
    return fig


def learning_curves(curves: dict, measurements: int):
    """Test error against the epoch: the mean over the seeds, and a band from the best seed to the worst.

    `curves` maps a name to a list with one curve for each seed: accuracies (fractions), `measurements` of them an epoch.
    """
    fig, axis = plot.figure(size=(7.5, 4.2))
    longest = 1
    for i, (name, runs) in enumerate(curves.items(), start=1):
        errors = 100 * (1 - np.array(runs))
        epochs = np.arange(1, errors.shape[1] + 1) / measurements
        longest = max(longest, epochs[-1])
        color = plot.COLORS[i]
        axis.fill_between(epochs, errors.min(axis=0), errors.max(axis=0), color=color, alpha=0.2, linewidth=0)
        axis.plot(epochs, errors.mean(axis=0), color=color, marker=plot.MARKERS[i], linestyle=plot.LINES[i - 1])
        end = (epochs[-1], errors[:, -1].mean())
        axis.annotate(name, end, xytext=(10, 0), textcoords="offset points", color=color, va="center")
    axis.set(xlabel="epoch", ylabel="test error, %", xlim=(0, longest * 1.22), ylim=(0, None))
    axis.set_xticks(np.arange(0, longest + 1, 0.5 if longest <= 2 else 1))
    return fig


def size_against_error(points: list):
    """Test error against the number of parameters, on a log scale.

    `points` holds (name, "mlp" or "convnet", parameters, errors of the seeds in %).
    """
    fig, axis = plot.figure(size=(8, 4.4))
    for name, kind, parameters, errors in points:
        color = plot.COLORS[2 if kind == "convnet" else 1]
        marker = _MARKERS[kind]
        axis.plot([parameters] * len(errors), errors, marker, color=color, alpha=0.45, ms=6)
        axis.plot(parameters, np.mean(errors), marker, color=color, ms=11)
        axis.annotate(
            name,
            (parameters, np.mean(errors)),
            xytext=(0, 13 if kind == "mlp" else -24),
            textcoords="offset points",
            ha="center",
            color=color,
        )
    for kind, label in (("mlp", "fully connected"), ("convnet", "convolutional")):
        axis.plot([], [], _MARKERS[kind], color=plot.COLORS[2 if kind == "convnet" else 1], label=label)
    axis.legend(loc="upper right", bbox_to_anchor=(1, 1.14), ncols=2)
    axis.set_xscale("log")
    ticks = [p for _, _, p, _ in points]
    axis.set_xticks(sorted({round(t, -3) for t in ticks}), [f"{t // 1000:,} k" for t in sorted({round(t, -3) for t in ticks})])
    axis.minorticks_off()
    worst = max(max(errors) for *_, errors in points)
    axis.set(xlabel="parameters", ylabel="test error, %", xlim=(min(ticks) / 1.6, max(ticks) * 1.6), ylim=(0, worst * 1.35))
    return fig


def permuted_digits(images, shuffled, errors: dict):
    """Left: digits, and below them the same pixels in the new order. Right: errors[name] = (before, after), in %, as bars."""
    fig, axes = plot.figure(2, 6, size=(10, 3.6), gridspec_kw={"width_ratios": [1, 1, 1, 1, 0.5, 3.2]})
    for column in range(4):
        for axis, picture in zip(axes[:, column], (images[column], shuffled[column]), strict=True):
            axis.imshow(np.squeeze(picture), vmin=0, vmax=1)
    for axis in axes[:, :5].flat:
        axis.axis("off")
    axes[0, 0].set_title("in their order", loc="left", fontsize=12)
    axes[1, 0].set_title("permuted", loc="left", fontsize=12)
    for axis in axes[:, 5]:
        axis.remove()
    axis = fig.add_subplot(axes[0, 0].get_gridspec()[:, 5])
    for place, shade in ((0, 1.0), (1, 0.45)):
        for i, pair in enumerate(errors.values()):
            color = plot.COLORS[1 + i]
            hatch = "//" if place else None
            bar = axis.bar(i + 0.4 * (place - 0.5), pair[place], 0.36, color=color, alpha=shade, hatch=hatch, edgecolor="white")
            axis.bar_label(bar, [f"{pair[place]:.1f}"], fontsize=11, padding=2)
    axis.bar(0, 0, color="gray", label="in their order")
    axis.bar(0, 0, color="gray", alpha=0.45, hatch="//", edgecolor="white", label="permuted")
    axis.set_xticks(range(len(errors)), list(errors))
    axis.set(ylabel="test error, %", ylim=(0, 1.45 * max(max(p) for p in errors.values())))
    axis.legend(loc="upper right", fontsize=11)
    return fig


def error_by_shift(pictures, shifts, errors: dict):
    """Above: one digit at each shift. Below: test error (%) against the shift, a line for each network."""
    fig, axes = plot.figure(2, len(shifts), size=(9, 6), gridspec_kw={"height_ratios": [1, 3]})
    for axis, picture, s in zip(axes[0], pictures, shifts, strict=True):
        axis.imshow(np.squeeze(picture), vmin=0, vmax=1)
        axis.set_title(f"{s} px", fontsize=11)
        axis.set_xticks([]), axis.set_yticks([])
    for axis in axes[1]:
        axis.remove()
    axis = fig.add_subplot(axes[0, 0].get_gridspec()[1, :])
    plot.curves(
        errors, x=list(shifts), xlabel="shift in pixels (mean over the four directions)", ylabel="test error, %", axis=axis
    )
    axis.axhline(90, color="gray", linestyle=":", linewidth=1)
    axis.text(shifts[0], 88.5, "guessing", fontsize=11, color="#444444", va="top")
    axis.set_ylim(0, 100)
    axis.legend(loc="upper left", bbox_to_anchor=(0.01, 0.87))
    return fig


def first_filters(kernel):
    """The filters (height, width, 1, n) of a first layer: blue is negative, red positive, white zero, one scale for all."""
    count = kernel.shape[-1]
    columns = 8
    fig, axes = plot.figure(-(-count // columns), columns, size=(8, 1.05 * -(-count // columns)), squeeze=False)
    limit = float(np.abs(kernel).max())
    for i, axis in enumerate(axes.flat):
        axis.axis("off")
        if i < count:
            axis.imshow(kernel[:, :, 0, i], cmap="RdBu_r", vmin=-limit, vmax=limit)
            axis.set_title(str(i), fontsize=10, pad=2)
    return fig


def feature_maps(image, maps, numbers):
    """A digit and its feature maps in two convolutions. For each layer, `maps` (height, width, n) and the `numbers` to show."""
    columns = 1 + len(numbers[0])
    fig, axes = plot.figure(2, columns, size=(10, 3.4))
    for row, (layer, chosen) in enumerate(zip(maps, numbers, strict=True)):
        axes[row, 0].imshow(np.squeeze(image), vmin=0, vmax=1)
        axes[row, 0].set_title("input" if row == 0 else "", fontsize=11)
        for axis, k in zip(axes[row, 1:], chosen, strict=True):
            axis.imshow(layer[..., k], cmap="magma")
            axis.set_title(f"map {k}", fontsize=11)
        size = f"convolution {row + 1}\n{layer.shape[0]}×{layer.shape[1]}"
        axes[row, 0].set_ylabel(size, fontsize=11)
    axes[1, 0].imshow(np.ones((2, 2, 3)))
    for axis in axes.flat:
        axis.set_xticks([]), axis.set_yticks([])
    for row in range(2):
        for side in ("left", "bottom"):
            axes[row, 0].spines[side].set_visible(False)
    return fig


def confusion_matrix(matrix):
    """Counts, with the true digit in rows and the predicted digit in columns; the diagonal, right answers, is grey."""
    matrix = np.asarray(matrix)
    mistakes = matrix.copy()
    np.fill_diagonal(mistakes, 0)
    fig, axis = plot.figure(size=(6, 5.4))
    axis.imshow(mistakes, cmap="Oranges", vmin=0, vmax=max(1, mistakes.max() * 1.4))
    for (row, column), count in np.ndenumerate(matrix):
        if row == column:
            axis.add_patch(_square(row, column))
        if count:
            axis.text(column, row, f"{count}", ha="center", va="center", fontsize=11 if row != column else 9)
    axis.set(xlabel="predicted digit", ylabel="true digit")
    axis.set_xticks(range(10)), axis.set_yticks(range(10))
    return fig


def _square(row, column):
    import matplotlib.pyplot as plt

    return plt.Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="#e5e7eb", edgecolor="none")


def confident_mistakes(images, labels, probabilities):
    """Digits with their label, the class that the network predicts, and its confidence."""
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    titles = [
        f"label {label}, predicted {digit}\n{share:.1%} sure"
        for label, digit, share in zip(labels, predicted, confidence, strict=True)
    ]
    return plot.images(images, titles, columns=min(6, len(images)), size=1.65, vmin=0, vmax=1)


def augmented(image, versions):
    """One digit and some of the versions of it that the network trains on."""
    titles = ["original", *(f"version {number}" for number in range(1, len(versions) + 1))]
    return plot.images([image, *versions], titles, columns=8, size=1.25, vmin=0, vmax=1)
