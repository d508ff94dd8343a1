"""Figures of lecture 01: what a convolution is, drawn to scale from the values the lecture computed."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ...notebook import plot, sliders

BLACK, BLUE, VERMILION, GREEN, PINK, ORANGE, SKY = plot.COLORS


# ---------------------------------------------------------------- dense against local


def connectivity(inputs: int = 9, width: int = 3) -> Figure:
    """One row of `inputs` pixels joined to the next layer in three ways: dense, local (window `width`), local and shared."""
    outputs = inputs - width + 1
    fig, axes = plot.figure(1, 3, size=(9, 3.4))
    titles = (f"dense\n{inputs * outputs} weights", f"local\n{outputs * width} weights", f"local, shared\n{width} weights")
    styles = ("-", "--", ":")
    for kind, (axis, title) in enumerate(zip(axes, titles, strict=True)):
        for out in range(outputs):
            joined = range(inputs) if kind == 0 else range(out, out + width)
            for k, pixel in enumerate(joined):
                look = {"color": "0.55", "lw": 0.8} if kind < 2 else {"color": plot.COLORS[k + 1], "ls": styles[k], "lw": 2}
                axis.plot([pixel, out + (width - 1) / 2], [0, 1], zorder=1, **look)
        axis.scatter(range(inputs), [0] * inputs, s=120, marker="s", color="white", edgecolor=BLACK, zorder=2)
        axis.scatter(np.arange(outputs) + (width - 1) / 2, [1] * outputs, s=130, color="white", edgecolor=BLACK, zorder=2)
        axis.set_title(title)
        axis.axis("off")
    axes[0].text(-0.4, -0.28, "squares: pixels", fontsize=11)
    axes[1].text(-0.4, -0.28, "circles: neurons", fontsize=11)
    axes[2].text(-0.4, -0.28, "same line style = same weight", fontsize=11)
    for axis in axes:
        axis.set_ylim(-0.4, 1.2)
    return fig


def weight_matrix(matrix) -> Figure:
    """A convolution written as a dense layer's weight matrix (outputs, inputs): zeros are blank, equal weights look equal."""
    matrix = np.asarray(matrix)
    fig, axis = plot.figure(size=(9, 3.8))
    shown = np.ma.masked_equal(matrix, 0)
    colours = plt.matplotlib.colors.ListedColormap([SKY, ORANGE])
    axis.pcolormesh(shown, cmap=colours, vmin=0.5, vmax=2.5, edgecolors="0.85", linewidth=0.5)
    for (row, column), value in np.ndenumerate(matrix):
        if value:
            axis.text(column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center", fontsize=11)
    axis.invert_yaxis()
    axis.set_xticks(np.arange(0, matrix.shape[1] + 1, 5))
    axis.set_yticks(np.arange(matrix.shape[0]) + 0.5, [f"output {i}" for i in range(matrix.shape[0])], fontsize=11)
    axis.set_xlabel("input pixel (blank: weight 0)")
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.tick_params(length=0)
    return fig


def shuffled_pixels(pictures, shuffled, distances, correlations: dict) -> Figure:
    """Digits, the same digits with all pixels moved, and the correlation of pixels at each distance in both."""
    fig = plot.figure(size=(9, 3.5))[0]
    fig.clear()
    grid = fig.add_gridspec(2, 6, width_ratios=(1, 1, 1, 1, 0.25, 4))
    for row, (images, name) in enumerate(((pictures, "original"), (shuffled, "shuffled"))):
        for column, image in enumerate(images[:4]):
            axis = fig.add_subplot(grid[row, column])
            axis.imshow(np.squeeze(image), cmap="gray_r", interpolation="nearest")
            axis.set_xticks([]), axis.set_yticks([])
            if column == 0:
                axis.set_ylabel(name)
    axis = fig.add_subplot(grid[:, 5])
    plot.curves(correlations, x=distances, xlabel="distance, pixels", ylabel="correlation of two pixels", axis=axis)
    return fig


def tuning_curve(field, bars, angles, responses) -> Figure:
    """A model simple cell: its receptive field, three bar stimuli, and its response against the bar's angle (degrees)."""
    fig, axes = plot.figure(1, 5, size=(9, 2.5), width_ratios=(1, 0.8, 0.8, 0.8, 2.4))
    reach = np.abs(field).max()
    axes[0].imshow(field, cmap="PuOr_r", vmin=-reach, vmax=reach)
    axes[0].set_title("receptive field", fontsize=12)
    for axis, (angle, bar) in zip(axes[1:4], bars.items(), strict=True):
        axis.imshow(bar, cmap="gray")
        axis.set_title(f"bar {angle}°", fontsize=12)
    for axis in axes[:4]:
        axis.set_xticks([]), axis.set_yticks([])
    axes[4].plot(angles, responses, color=BLUE, marker="o", ms=4)
    axes[4].set(xlabel="angle of the bar, degrees", ylabel="response", xticks=range(0, 181, 45))
    return fig


# ---------------------------------------------------------------- the worked grid


def _grid(axis, values, title, *, window=None, fill=None, names=None, fontsize=14) -> None:
    """A matrix with written values; `window` = (row, column, size) is framed, None values stay blank."""
    values = np.asarray(values, dtype=object)
    rows, columns = values.shape
    for (row, column), value in np.ndenumerate(values):
        inside = window and window[0] <= row < window[0] + window[2] and window[1] <= column < window[1] + window[2]
        colour = "#cfe8f7" if inside else (fill or "white")
        axis.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor="0.6", linewidth=0.8))
        if value is not None:
            axis.text(column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center", fontsize=fontsize)
        if names is not None and inside:
            weight = names[row - window[0], column - window[1]]
            axis.text(column + 0.93, row + 0.9, f"×{weight:g}", ha="right", va="bottom", fontsize=11, color="#9c4400")
    if window:
        row, column, size = window
        axis.add_patch(Rectangle((column, row), size, size, fill=False, edgecolor=VERMILION, linewidth=3))
    axis.set(xlim=(-0.1, columns + 0.1), ylim=(rows + 0.1, -0.1), aspect="equal")
    axis.set_title(title, fontsize=13)
    axis.axis("off")


def frame(image, kernel, position: int, stride: int = 1, padding: int = 0) -> Figure:
    """Step `position` (from 0) of sliding `kernel` (square) over `image`: the window, the weights, the output so far."""
    image, kernel = np.pad(np.asarray(image), padding), np.asarray(kernel)
    size = len(kernel)
    rows, columns = ((length - size) // stride + 1 for length in image.shape)
    output = np.full((rows, columns), None, dtype=object)
    for step in range(position + 1):
        r, c = step // columns, step % columns
        top, left = r * stride, c * stride
        window = image[top : top + size, left : left + size]
        output[r, c] = (window * kernel).sum()
    fig, axes = plot.figure(1, 3, size=(9, 3.9), width_ratios=(image.shape[1], size * 1.15, columns * 1.15))
    _grid(axes[0], image, "input and window", window=(top, left, size), names=kernel)
    _grid(axes[1], kernel, "kernel", fill="#fbe3cf")
    _grid(axes[2], output, "output", window=(r, c, 1))
    terms = " + ".join(f"{x:g}·{w:g}" for x, w in zip(window.ravel(), kernel.ravel(), strict=True) if w)
    fig.supxlabel(f"step {position + 1} of {rows * columns}:  {terms} = {output[r, c]:g}", fontsize=14)
    return fig


def filmstrip(image, kernel) -> Figure:
    """Every position of `kernel` on `image`, one small frame each, and the finished output in the last frame."""
    image, kernel = np.asarray(image), np.asarray(kernel)
    size = len(kernel)
    rows, columns = (length - size + 1 for length in image.shape)
    output = [[(image[r : r + size, c : c + size] * kernel).sum() for c in range(columns)] for r in range(rows)]
    fig, axes = plot.figure(2, 5, size=(9, 4.1))
    for step, axis in enumerate(axes.flat[: rows * columns]):
        r, c = divmod(step, columns)
        _grid(axis, image, f"{step + 1}:  sum = {output[r][c]}", window=(r, c, size), fontsize=11)
    _grid(axes.flat[rows * columns], output, "the output", fill="#fbe3cf")
    return fig


def explore(image, kernel) -> None:
    """Sliders for position, stride and padding of the worked grid; without a live notebook, one line that says so."""

    def draw(position, stride, padding):
        last = ((len(image) + 2 * padding - len(kernel)) // stride + 1) ** 2 - 1
        alt = f"Step {min(position, last) + 1} of {last + 1}, stride {stride}, padding {padding}."
        return frame(image, kernel, min(position, last), stride, padding), alt

    sliders.show(draw, position=(0, 24, 0), stride=(1, 3, 1), padding=(0, 2, 0))


def two_operations(kernel, flipped, correlation, convolution) -> Figure:
    """The kernel, the kernel rotated by 180°, and what each gives on the same grid."""
    fig, axes = plot.figure(1, 4, size=(9, 2.9))
    _grid(axes[0], kernel, "kernel as written", fill="#fbe3cf")
    _grid(axes[1], correlation, "correlation:\nwhat Keras computes")
    _grid(axes[2], flipped, "kernel rotated by 180°", fill="#fbe3cf")
    _grid(axes[3], convolution, "convolution:\nthe mathematician's")
    return fig


# ---------------------------------------------------------------- filters and channels


def filters(photo, kernels: dict, maps: dict) -> Figure:
    """A photograph, hand-made kernels above, and the feature map each gives below."""
    fig, axes = plot.figure(2, len(kernels) + 1, size=(9.6, 4.2), height_ratios=(1, 1.7))
    axes[0, 0].axis("off")
    axes[1, 0].imshow(photo, cmap="gray")
    axes[1, 0].set_title("photograph", fontsize=12)
    for column, (name, kernel) in enumerate(kernels.items(), start=1):
        reach = np.abs(kernel).max()
        axes[0, column].imshow(kernel, cmap="PuOr_r", vmin=-reach, vmax=reach)
        axes[0, column].set_title(f"{name}\n{kernel.shape[0]}×{kernel.shape[1]}", fontsize=12)
        low, high = np.percentile(maps[name], (3, 97))
        axes[1, column].imshow(maps[name], cmap="gray", vmin=low, vmax=high)
    for axis in axes.flat:
        axis.set_xticks([]), axis.set_yticks([])
    return fig


def channels(photo, parts, total) -> Figure:
    """A colour photograph, what the kernel gives on red, green and blue alone, and their sum, the feature map."""
    fig, axes = plot.figure(1, 5, size=(9.6, 2.4))
    reach = np.abs(total).max()
    axes[0].imshow(photo)
    axes[0].set_title("input (H, W, 3)", fontsize=12)
    for axis, part, name in zip(axes[1:4], parts, ("red", "green", "blue"), strict=True):
        axis.imshow(part, cmap="gray", vmin=-reach, vmax=reach)
        axis.set_title(f"map of {name}", fontsize=12)
    axes[4].imshow(total, cmap="gray", vmin=-reach, vmax=reach)
    axes[4].set_title("sum: one map (H', W')", fontsize=12)
    for axis, sign in zip(axes[1:], ("=", "+", "+", "="), strict=True):
        axis.text(-0.12, 0.5, sign if sign != "=" or axis is axes[4] else "→", transform=axis.transAxes, fontsize=18, ha="center")
    for axis in axes:
        axis.set_xticks([]), axis.set_yticks([])
    return fig


def kernel_tensor(size: int, inputs: int, filters: int) -> Figure:
    """A kernel tensor (F, F, Ci, Co) as Co blocks of Ci slices, each with its bias and its feature map."""
    fig, axis = plot.figure(size=(9, 3.1))
    for f in range(filters):
        left = f * (size + 2.6)
        for c in reversed(range(inputs)):
            x, y = left + 0.35 * c, 0.35 * c
            for row in range(size):
                for column in range(size):
                    box = Rectangle((x + column, y + row), 1, 1, facecolor=(ORANGE, GREEN, SKY)[c % 3], edgecolor="white")
                    axis.add_patch(box)
        axis.add_patch(Rectangle((left + size + 0.95, 0), 0.8, 0.8, facecolor=PINK, edgecolor="white"))
        axis.text(left + size / 2, -0.6, f"filter {f + 1}", ha="center", fontsize=12)
        axis.text(left + size + 1.35, -0.6, "bias", ha="center", fontsize=12)
    axis.set(xlim=(-0.3, filters * (size + 2.6)), ylim=(-1.1, size + 0.35 * inputs), aspect="equal")
    axis.axis("off")
    axis.set_title(f"kernel tensor ({size}, {size}, {inputs}, {filters}): each filter is as deep as its input", fontsize=13)
    return fig


# ---------------------------------------------------------------- geometry


def strides_and_padding(cases: list[tuple[int, int, int, int]]) -> Figure:
    """Strides and padding to scale: for each (W, F, S, P) the padded input, the windows of its first row, and a dot in the
    middle of every window: the dots are the output."""
    fig, axes = plot.figure(1, len(cases), size=(9.8, 3.1))
    reach = max(w + 2 * p for w, _, _, p in cases)
    for axis, (width, size, stride, padding) in zip(axes, cases, strict=True):
        total = width + 2 * padding
        out = (total - size) // stride + 1
        offset = (reach - total) / 2
        for row, column in np.ndindex(total, total):
            inner = padding <= row < total - padding and padding <= column < total - padding
            look = {"facecolor": "#cfe8f7"} if inner else {"facecolor": "white", "hatch": "////"}
            axis.add_patch(Rectangle((offset + column, row), 1, 1, edgecolor="0.6", linewidth=0.8, **look))
        for step in range(out):
            place = (offset + step * stride + 0.07, 0.07 + 0.15 * (step % 2))
            look = {"edgecolor": (VERMILION, BLACK)[step % 2], "linestyle": ("-", "--")[step % 2]}
            axis.add_patch(Rectangle(place, size - 0.14, size - 0.14, fill=False, linewidth=2, **look))
        centres = np.arange(out) * stride + size / 2
        x, y = np.meshgrid(offset + centres, centres)
        axis.scatter(x, y, s=36, color=BLACK, zorder=3)
        unseen = max(0, width + padding - ((out - 1) * stride + size))  # of the image: padding is no loss
        rest = f"; {unseen} unseen" if unseen else ""
        axis.set_title(f"W={width}, F={size}\nS={stride}, P={padding}\nW'={out}{rest}", fontsize=12)
        axis.set(xlim=(-0.2, reach + 0.2), ylim=(reach + 0.2, -0.2), aspect="equal")
        axis.axis("off")
    return fig


def pooling(grid, largest, mean) -> Figure:
    """A 4×4 grid with its four 2×2 windows, and what max and average pooling keep."""
    fig, axes = plot.figure(1, 3, size=(8, 2.8), width_ratios=(2, 1.2, 1.2))
    _grid(axes[0], grid, "feature map", window=(0, 0, 2))
    axes[0].axhline(2, color=BLACK, lw=2.5), axes[0].axvline(2, color=BLACK, lw=2.5)
    _grid(axes[1], largest, "max 2×2, stride 2", fill="#fbe3cf", window=(0, 0, 1))
    _grid(axes[2], mean, "average 2×2, stride 2", fill="#fbe3cf", window=(0, 0, 1))
    return fig


def three_images(images: dict, pooled: dict) -> Figure:
    """Images A, B and C (binary) above, their max-pooled maps below."""
    fig, axes = plot.figure(2, len(images), size=(7.5, 4.2), height_ratios=(1.7, 1))
    for column, name in enumerate(images):
        axes[0, column].imshow(images[name], cmap="gray_r", vmin=0, vmax=1)
        axes[0, column].set_title(f"image {name}", fontsize=13)
        axes[1, column].imshow(pooled[name], cmap="gray_r", vmin=0, vmax=1)
        axes[1, column].set_title("after max pooling", fontsize=12)
        for axis in axes[:, column]:
            side = axis.images[0].get_array().shape[0]
            axis.set_xticks(np.arange(-0.5, side), []), axis.set_yticks(np.arange(-0.5, side), [])
            axis.grid(color="0.7", lw=0.8), axis.tick_params(length=0)
            axis.spines[:].set_visible(True)
        for edge in np.arange(1.5, 7, 2):
            axes[0, column].axhline(edge, color=VERMILION, lw=1.5), axes[0, column].axvline(edge, color=VERMILION, lw=1.5)
    return fig


def depthwise_pooling(pictures, responses) -> Figure:
    """Bars at four angles; each filter's response (rows: filters, columns: pictures) and the maximum over the filters."""
    responses = np.asarray(responses)
    fig, axes = plot.figure(2, len(pictures), size=(9, 4.1), height_ratios=(1, 1.5))
    for column, (angle, picture) in enumerate(pictures.items()):
        axes[0, column].imshow(picture, cmap="gray")
        axes[0, column].set_xticks([]), axes[0, column].set_yticks([])
        axes[0, column].set_title(f"bar at {angle}°", fontsize=12)
        axis = axes[1, column]
        values = [*responses[:, column], responses[:, column].max()]
        colours = [SKY] * len(responses) + [VERMILION]
        bars = axis.bar(range(len(values)), values, color=colours)
        bars[-1].set_hatch("//")
        axis.set_xticks(range(len(values)), [*(f"{a}°" for a in pictures), "max"], fontsize=11)
        axis.set_ylim(0, responses.max() * 1.1)
        if column:
            axis.set_yticks([])
    axes[1, 0].set_ylabel("response")
    return fig


# ---------------------------------------------------------------- equivariance and invariance


def equivariance(picture, moved, feature, feature_moved, shift: int) -> Figure:
    """A picture, the picture moved by `shift` pixels, and the feature maps of both."""
    fig, axes = plot.figure(1, 4, size=(9.4, 2.8))
    reach = np.abs(feature).max()
    titles = ("input", f"input moved by {shift}", "feature map", f"feature map: also moved by {shift}")
    for axis, image, title in zip(axes, (picture, moved, feature, feature_moved), titles, strict=True):
        signed = title.startswith("feature")
        axis.imshow(image, cmap="PuOr_r" if signed else "gray", **({"vmin": -reach, "vmax": reach} if signed else {}))
        axis.set_title(title, fontsize=12)
        axis.set_xticks([]), axis.set_yticks([])
    return fig


def invariance(shifts, errors: dict, changes: dict) -> Figure:
    """Against the shift in pixels: how far layers are from equivariant, and how much representations change (0 to 1)."""
    fig, axes = plot.figure(1, 2, size=(9.6, 3.7), sharey=True)
    plot.curves(errors, x=shifts, xlabel="shift, pixels", ylabel="relative change (0 same, 1 unrelated)", axis=axes[0])
    axes[0].set_title("compared with the moved map: equivariant?", fontsize=12)
    plot.curves(changes, x=shifts, xlabel="shift, pixels", ylabel="", axis=axes[1])
    axes[1].set_title("compared with the unmoved map: invariant?", fontsize=12)
    for axis in axes:
        axis.set_ylim(-0.03, 1.15)
        axis.legend(fontsize=11)
    return fig


# ---------------------------------------------------------------- receptive field, dilation, transposed


def pyramid(kernels, strides, width: int) -> Figure:
    """A row of `width` pixels and the layers above it; coloured is all that one neuron at the top sees."""
    fig, axis = plot.figure(size=(9, 3.6))
    sizes, jumps = [width], [1]
    for kernel, stride in zip(kernels, strides, strict=True):
        sizes.append((sizes[-1] - kernel) // stride + 1)
        jumps.append(jumps[-1] * stride)
    starts, seen = [0.0], [set() for _ in sizes]
    for kernel, jump in zip(kernels, jumps[:-1], strict=True):
        starts.append(starts[-1] + (kernel - 1) / 2 * jump)
    seen[-1] = {sizes[-1] // 2}
    for level in range(len(kernels), 0, -1):
        kernel, stride = kernels[level - 1], strides[level - 1]
        seen[level - 1] = {n * stride + k for n in seen[level] for k in range(kernel)}
        for n in seen[level]:
            for k in range(kernel):
                below = starts[level - 1] + jumps[level - 1] * (n * stride + k)
                axis.plot([below, starts[level] + jumps[level] * n], [level - 1, level], color="0.6", lw=1, ls="-", zorder=1)
    for level, (size, start, jump) in enumerate(zip(sizes, starts, jumps, strict=True)):
        places = start + jump * np.arange(size)
        inside = np.isin(np.arange(size), list(seen[level]))
        axis.scatter(places[~inside], [level] * (~inside).sum(), s=90, marker="o", color="white", edgecolor="0.6", zorder=2)
        axis.scatter(places[inside], [level] * inside.sum(), s=110, marker="s", color=VERMILION, edgecolor=BLACK, zorder=2)
        name = "input" if level == 0 else f"layer {level}: F={kernels[level - 1]}, S={strides[level - 1]}"
        axis.text(-0.8, level, name, ha="right", va="center", fontsize=12)
        axis.text(width + 0.2, level, f"sees {len(seen[level])}", va="center", fontsize=12)
    axis.set(xlim=(-7, width + 2.2), ylim=(-0.4, len(kernels) + 0.4))
    axis.axis("off")
    return fig


def receptive_fields(gradients: dict) -> Figure:
    """The input's gradient under one central output neuron after 1, 2, … layers; the frame is the computed field."""
    fig, axes = plot.figure(1, len(gradients), size=(9, 2.6))
    for axis, (name, gradient) in zip(axes, gradients.items(), strict=True):
        axis.imshow(np.sqrt(gradient / gradient.max()), cmap="Blues", vmin=0, vmax=1)
        rows, columns = np.nonzero(gradient.any(1))[0], np.nonzero(gradient.any(0))[0]
        box = (columns[0] - 0.5, rows[0] - 0.5), columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
        axis.add_patch(Rectangle(*box, fill=False, edgecolor=VERMILION, linewidth=2.5))
        axis.set_title(f"{name}\n{len(rows)}×{len(columns)} pixels", fontsize=12)
        axis.set_xticks([]), axis.set_yticks([])
        axis.spines[:].set_visible(True)
    return fig


def dilation(rates, size: int = 3) -> Figure:
    """Where a kernel of `size` looks at dilation rates 1, 2, …: the same nine weights, a larger reach."""
    fig, axes = plot.figure(1, len(rates), size=(8.6, 3.2))
    side = (size - 1) * max(rates) + 1
    for axis, rate in zip(axes, rates, strict=True):
        reach = (size - 1) * rate + 1
        offset = (side - reach) // 2
        for row in range(side):
            for column in range(side):
                axis.add_patch(Rectangle((column, row), 1, 1, facecolor="white", edgecolor="0.8", linewidth=0.8))
        for i in range(size):
            for j in range(size):
                place = (offset + j * rate, offset + i * rate)
                axis.add_patch(Rectangle(place, 1, 1, facecolor=BLUE, edgecolor="white"))
        axis.add_patch(Rectangle((offset, offset), reach, reach, fill=False, edgecolor=VERMILION, linewidth=2.5))
        axis.set_title(f"dilation {rate}: reach {reach}×{reach}\n{size * size} weights, dense: {reach * reach}", fontsize=12)
        axis.set(xlim=(-0.2, side + 0.2), ylim=(side + 0.2, -0.2), aspect="equal")
        axis.axis("off")
    return fig


def stamping(values, kernel, stride: int, output, counts) -> Figure:
    """A transposed convolution: each input value stamps the kernel; where stamps overlap they add."""
    size = len(kernel)
    fig, axes = plot.figure(1, 4, size=(9.4, 3.0), width_ratios=(1.1, 1.4, 2, 2))
    _grid(axes[0], values, "input", fill="#cfe8f7")
    _grid(axes[1], kernel, "kernel", fill="#fbe3cf")
    _grid(axes[2], output, f"output, stride {stride}", fontsize=12)
    looks = ((VERMILION, "-"), (BLUE, "--"), (GREEN, "-."), (BLACK, ":"))
    for n, (row, column) in enumerate(np.ndindex(np.shape(values))):
        place = (column * stride + 0.06 * n, row * stride + 0.06 * n)
        colour, line = looks[n % 4]
        axes[2].add_patch(Rectangle(place, size - 0.2, size - 0.2, fill=False, edgecolor=colour, linestyle=line, linewidth=2))
    _grid(axes[3], counts, "stamps on each pixel", fontsize=12)
    for (row, column), value in np.ndenumerate(np.asarray(counts)):
        axes[3].add_patch(Rectangle((column, row), 1, 1, facecolor=SKY, alpha=0.25 * (value - 1), zorder=1.5))
    return fig


# ---------------------------------------------------------------- beyond images


def signal(time, noisy, pattern, response, places) -> Figure:
    """A noisy 1-D signal, the pattern that is a kernel, and the response with its peaks at `places` (indices)."""
    fig, axes = plot.figure(2, 1, size=(9, 4.0), sharex=True)
    axes[0].plot(time, noisy, color="0.45", lw=0.9, ls="-")
    for i, place in enumerate(places):
        span = slice(place, place + len(pattern))
        axes[0].plot(time[span], pattern, color=VERMILION, ls="-", lw=2.5, label=None if i else "the pattern, where it was found")
    axes[0].set_ylabel("signal")
    axes[0].legend(fontsize=11, loc="upper right", bbox_to_anchor=(1, 1.25))
    axes[1].plot(time[: len(response)], response, color=BLUE, ls="-", lw=1.2)
    axes[1].plot(time[places], response[places], color=VERMILION, marker="v", ls="", ms=9)
    axes[1].set(xlabel="time, s", ylabel="feature map")
    return fig


def motif(sequence: str, kernel, letters: str, response) -> Figure:
    """A DNA sequence as one-hot rows, the motif kernel, and the 1-D feature map that counts matching letters."""
    fig, axes = plot.figure(2, 1, size=(9.4, 3.6), sharex=True, height_ratios=(1.1, 1))
    hot = np.array([[letter == base for letter in sequence] for base in letters])
    axes[0].imshow(hot, cmap="Blues", aspect="auto", vmin=0, vmax=1.3)
    for i, letter in enumerate(sequence):
        axes[0].text(i, letters.index(letter), letter, ha="center", va="center", fontsize=11, color="white")
    axes[0].set_yticks(range(len(letters)), list(letters))
    axes[0].set_ylabel("channel")
    axes[0].tick_params(length=0)
    best = np.flatnonzero(response == len(kernel))
    for start in best:
        box = Rectangle((start - 0.5, -0.5), len(kernel), len(letters), fill=False, edgecolor=VERMILION, linewidth=3)
        axes[0].add_patch(box)
    colours = [VERMILION if i in best else SKY for i in range(len(response))]
    axes[1].bar(range(len(response)), response, color=colours)
    axes[1].set(xlabel="position of the window's first letter", ylabel="letters matched", ylim=(0, len(kernel) + 0.5))
    return fig
