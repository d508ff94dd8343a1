"""Figures of lab 04: augmentation, audited."""

import numpy as np

from ... import garden
from ...notebook import plot


def _picture(axis, image, title="", size=11):
    """One picture without axes; floats are taken as 0 to 255 when they exceed 1."""
    image = np.asarray(image, dtype=float)
    axis.imshow(np.clip(image / (255 if image.max() > 1.5 else 1), 0, 1), vmin=0, vmax=1)
    axis.set_title(title, fontsize=size)
    axis.axis("off")


def photo_and_variants(photo, variants):
    """The photo, large, beside nine variants in three columns."""
    fig, axes = plot.figure(3, 6, size=(9.6, 4.8))
    grid = axes[0, 0].get_gridspec()
    for axis in axes[:, :3].flat:
        axis.remove()
    _picture(fig.add_subplot(grid[:, :3]), photo, "the photo", size=13)
    for number, (axis, variant) in enumerate(zip(axes[:, 3:].flat, variants, strict=True), start=1):
        _picture(axis, variant, f"variant {number}")
    return fig


def addresses(before, after):
    """The address picture and a turned one, with contour lines of column and row, and the address of one pixel read out."""
    fig, axes = plot.figure(1, 2, size=(9.6, 3.6))
    height, width = before.shape[:2]
    row, column = height // 3, 2 * width // 3
    for axis, picture, title in zip(axes, (before, after), ("addresses", "after a random turn"), strict=True):
        shown = picture / [width, height, 1]
        axis.imshow(np.clip(0.25 + 0.75 * shown, 0, 1))
        # Each label in the middle between the lines of the other kind, which would strike it through.
        by_column, by_row = [(c, height - 6) for c in range(20, width, 20)], [(6, r) for r in range(10, height, 20)]
        for channel, style, span, places in ((0, "-", width, by_column), (1, "--", height, by_row)):
            lines = axis.contour(
                picture[..., channel], levels=range(10, span, 10), colors="white", linestyles=style, linewidths=1
            )
            axis.clabel(lines, manual=places, fontsize=10, fmt="%d")
        came = picture[row, column, :2]
        axis.plot(column, row, "o", ms=9, mfc="white", mec=plot.COLORS[0])
        axis.set_title(title)
        axis.set_xlabel(f"pixel (column {column}, row {row}) holds ({came[0]:.0f}, {came[1]:.0f})")
        axis.set_xticks([]), axis.set_yticks([])
    return fig


def readings(audited):
    """A pandas frame of what `augment.audit` read for each setting: "lowest … highest", a dot where nothing changed."""
    import pandas as pd

    units = {
        "right": "right (px)",
        "down": "down (px)",
        "turn": "turn (°)",
        "lean": "lean (°)",
        "wider": "wider (×)",
        "taller": "taller (×)",
        "residual": "residual (px)",
    }
    rows = {}
    for setting, readings in audited.items():
        row = {}
        for name, (low, high) in readings.items():
            rest = 1 if name in ("wider", "taller") else 0
            still = max(abs(low - rest), abs(high - rest)) < 0.02
            row[units[name]] = "·" if still else f"{low:.2f} … {high:.2f}"
        rows[setting] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def shifts(photo):
    """A photo under each shift setting alone: the largest move one way, the photo itself, the largest move the other way."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    fig, axes = plot.figure(2, 3, size=(9.6, 4.6))
    for line, setting in zip(axes, ("width_shift_range", "height_shift_range"), strict=True):
        generator = ImageDataGenerator(**{setting: 0.2}, fill_mode="constant")
        rng = np.random.RandomState(0)
        drawn = [generator.get_random_transform(photo.shape, seed=int(rng.randint(1000))) for _ in range(60)]
        drawn.sort(key=lambda values: values["tx"] + values["ty"])
        for axis, values, title in zip(line, (drawn[0], {}, drawn[-1]), ("one end", "the photo", "the other end"), strict=True):
            _picture(axis, generator.apply_transform(photo.astype("float32"), values), f"{setting}: {title}" if values else title)
    return fig


def channel_shift(photo, right_order, scaled_before):
    """The photo, and a channel shift applied to 0–255 and to 0–1."""
    fig, axes = plot.figure(1, 3, size=(9.6, 3.4))
    _picture(axes[0], photo, "the photo")
    _picture(axes[1], right_order, "9 added to 0…255")
    _picture(axes[2], scaled_before, "5 added to 0…1, clipped")
    for spine in axes[2].spines.values():
        spine.set_visible(True)
    axes[2].axis("on")
    axes[2].set_xticks([]), axes[2].set_yticks([])
    return fig


def speed(rates):
    """Bars of images per second: {size: {name: rate}}."""
    fig, axes = plot.figure(1, len(rates), size=(9.6, 2.6))
    hatches = ("", "///")
    for axis, (size, by_name) in zip(axes, rates.items(), strict=True):
        for place, rate in enumerate(by_name.values()):
            axis.barh(place, rate, color=plot.COLORS[1 + place], hatch=hatches[place], edgecolor="white")
            axis.text(rate, place, f" {rate:,.0f}", va="center")
        axis.set_yticks(range(len(by_name)), by_name if size == min(rates) else [""] * len(by_name))
        axis.set(title=f"{size} × {size} pixels", xlabel="images per second", xlim=(0, 1.25 * max(by_name.values())))
        axis.invert_yaxis()
    return fig


def accuracy_by_policy(accuracy):
    """Test accuracy, in percent, of each augmentation policy: a mark for each seed, and the mean as a line."""
    fig, axis = plot.figure(size=(9, 3.4))
    for place, values in enumerate(accuracy.values()):
        colour, marker = plot.COLORS[1 + place], plot.MARKERS[place]
        axis.plot(values, place + np.linspace(-0.14, 0.14, len(values)), linestyle="none", marker=marker, ms=8, color=colour)
        mean = np.mean(values)
        axis.plot([mean, mean], [place - 0.32, place + 0.32], color=colour, linestyle="-", linewidth=2)
        axis.text(mean, place - 0.36, f"{mean:.1f} %", ha="center", va="bottom", fontsize=11)
    axis.set_yticks(range(len(accuracy)), accuracy)
    axis.set(xlabel="accuracy on the test digits, %: one mark a seed, the line is their mean", ylim=(len(accuracy) - 0.5, -0.8))
    return fig


def sixes_and_nines(predicted, labels):
    """How many sixes were called nine, and nines called six; two arrays (n,)."""
    return int(np.sum((labels == 6) & (predicted == 9)) + np.sum((labels == 9) & (predicted == 6)))


def six_and_nine(images, labels, confused):
    """A six, the same after half a turn, and a nine; and for each policy how often the two were confused."""
    fig, axes = plot.figure(1, 4, size=(9.6, 2.9), width_ratios=(1, 1, 1, 2.2))
    six, nine = images[labels == 6][0].squeeze(), images[labels == 9][0].squeeze()
    shown = {"a 6\n": six, "its half turn,\nstill labelled 6": six[::-1, ::-1], "a 9\n": nine}
    for axis, (title, image) in zip(axes, shown.items(), strict=False):
        axis.imshow(image, cmap="gray_r")
        axis.set_title(title)
        axis.set_xticks([]), axis.set_yticks([])
    for place, count in enumerate(confused.values()):
        axes[3].barh(place, count, color=plot.COLORS[1 + place], edgecolor="white", hatch=("", "///", "...", "xx")[place])
        axes[3].text(count, place, f" {count:.1f}", va="center")
    axes[3].set_yticks(range(len(confused)), confused)
    axes[3].set(xlabel="6 and 9 confused, mean of the seeds", xlim=(0, 1.2 * max(confused.values()) + 1))
    axes[3].invert_yaxis()
    return fig


def flipped_boxes(scene):
    """A garden scene with its boxes, its mirror image with the old boxes and with the mirrored ones."""
    import matplotlib.pyplot as plt

    fig, axes = plot.figure(1, 3, size=(9.6, 3.5))
    size = scene.image.shape[1]
    mirrored = scene.boxes.copy()
    mirrored[:, [0, 2]] = size - scene.boxes[:, [2, 0]]
    cases = (
        ("the scene and its boxes", scene.image, scene.boxes),
        ("picture flipped, boxes not flipped", scene.image[:, ::-1], scene.boxes),
        ("both flipped", scene.image[:, ::-1], mirrored),
    )
    for axis, (title, image, boxes) in zip(axes, cases, strict=True):
        _picture(axis, image, title)
        for x0, y0, x1, y1 in boxes:
            axis.add_patch(plt.Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, edgecolor="white", linewidth=3))
            axis.add_patch(
                plt.Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, edgecolor=plot.COLORS[2], linewidth=1.6)
            )
    return fig


def _label(shares, names):
    return "\n".join(f"{share:.0%} {name}" for share, name in zip(shares, names, strict=True) if share > 0.005)


def mixed_pictures(images, kinds, classes=garden.CLASSES):
    """Two pictures of different classes, three MixUps and two CutMixes of them, each with its label."""
    other = next(i for i in range(1, len(kinds)) if kinds[i] != kinds[0])
    first, second = images[0] / 255, images[other] / 255
    names = classes[kinds[0]], classes[kinds[other]]
    size = first.shape[0]
    fig, axes = plot.figure(1, 7, size=(10, 2.5))
    _picture(axes[0], first, _label((1, 0), names) + "\n")
    _picture(axes[1], second, _label((0, 1), names) + "\n")
    for axis, share in zip(axes[2:5], (0.75, 0.5, 0.3), strict=True):
        _picture(axis, share * first + (1 - share) * second, _label((share, 1 - share), names))
    half, fifth = size // 2, size // 5
    for axis, (rows, columns) in zip(
        axes[5:],
        ((slice(fifth, fifth + half), slice(fifth, fifth + half)), (slice(2 * fifth, size), slice(2 * fifth, size))),
        strict=True,
    ):
        mixed = first.copy()
        mixed[rows, columns] = second[rows, columns]
        share = mixed[rows, columns].size / mixed.size
        _picture(axis, mixed, _label((1 - share, share), names))
    return fig
