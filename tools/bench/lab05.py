"""How fast this machine climbs lab 05's ladder, by the lab's own plan, and a training step of Xception's top."""

import time

import numpy as np


def ladder() -> dict[str, float]:
    """Xception features a second, and seconds and accuracy (%) of each step, trained as `recipe.plan` says.

    The pictures are whatever the lab gets: drawn scenes, or real photos when COURSE_DATA has them.
    Raises `utils.data.Missing` when the pretrained Xception is not there.
    """
    import keras

    from utils import data, transfer
    from utils.lessons.lab05 import recipe

    flowers, base = data.load_flowers(quiet=True), data.pretrained("xception", quiet=True)
    plan = recipe.plan(flowers)
    images, labels = recipe.pictures(flowers, plan)
    train, test = data.split(labels, plan.test_fraction)
    classes, figures = len(flowers.classes), {}

    def note(step: str, guesses, seconds: float) -> None:
        figures[f"{step}: seconds"] = seconds
        figures[f"{step}: accuracy %"] = 100 * float(np.mean(guesses == labels[test]))

    started = time.perf_counter()
    small = recipe.thumbnails(images)
    scratch = recipe.small_convnet(small.shape[1], classes)
    recipe.train_from_scratch(scratch, small, labels, train, plan)
    guesses = transfer.outputs(scratch, small[test]).argmax(axis=1)
    note("small ConvNet from scratch", guesses, time.perf_counter() - started)

    started = time.perf_counter()
    lower, upper = transfer.cut(base, plan.cut)
    views = [transfer.activations(lower, images, mirrored=mirrored) for mirrored in plan.mirrored]
    below = time.perf_counter() - started

    started = time.perf_counter()
    to_features = keras.Sequential([upper, keras.layers.GlobalAveragePooling2D()])
    features = np.mean([transfer.outputs(to_features, view) for view in views], axis=0)
    figures[f"Xception features a second, {plan.side} px"] = len(images) * len(views) / (below + time.perf_counter() - started)
    head = transfer.linear_head(features[train], labels[train])
    note("Xception frozen, linear head", head.predict(features[test]), below + time.perf_counter() - started)

    started = time.perf_counter()
    tuned = transfer.top(upper, classes, head=(np.zeros((features.shape[1], classes)), np.zeros(classes)))
    transfer.tune(tuned, views, labels, train, epochs=plan.epochs, rate=plan.rate, batch=plan.batch)
    probabilities = sum(transfer.softmax(transfer.outputs(tuned, view[test])) for view in views)
    tuning = time.perf_counter() - started
    note(f"{plan.top} retrained", probabilities.argmax(axis=1), below + tuning)
    through = epoch_through_the_whole(base, upper, images[train], labels[train], plan) * plan.epochs
    figures[f"{plan.epochs} epochs of the same through the whole network: seconds"] = through
    figures["the whole network's time over the cached top's, pass included"] = through / (below + tuning)
    return figures


def epoch_through_the_whole(base, upper, images, labels, plan, photos: int = 256) -> float:
    """Seconds of an epoch of the usual fine-tuning: every photo goes through all of the network, the lower part frozen.

    The first `photos` are timed, after one batch that traces the step, and the time is scaled to all of them.
    """
    import keras

    from utils import transfer

    above = {layer.name for layer in upper.layers}
    for layer in base.layers:
        layer.trainable = layer.name in above and not isinstance(layer, keras.layers.BatchNormalization)
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    model = keras.Model(base.input, keras.layers.Dense(int(labels.max()) + 1)(keras.layers.Dropout(0.2)(pooled)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(plan.rate, weight_decay=1e-2), loss)
    scaled = transfer.scale(images[: photos // plan.batch * plan.batch])
    model.fit(scaled[: plan.batch], labels[: plan.batch], batch_size=plan.batch, verbose=0)
    started = time.perf_counter()
    model.fit(scaled, labels[: len(scaled)], batch_size=plan.batch, verbose=0)
    return (time.perf_counter() - started) * len(images) / len(scaled)


def sizes(sides=(299, 224, 150, 96)) -> dict[str, float]:
    """What fewer pixels save and cost on real photos: seconds of Xception's pass and accuracy (%) of a linear head, by size.

    Empty where only drawn scenes are to be had. The accuracy is the mean over five splits: a single one is off by a point or two.
    """
    from dataclasses import replace

    import keras

    from utils import data, transfer
    from utils.lessons.lab05 import recipe

    flowers, figures = data.load_flowers(quiet=True), {}
    if not flowers.official:
        return figures
    for side in sides:
        plan = replace(recipe.plan(flowers), side=side)
        images, labels = recipe.pictures(flowers, plan)
        base = data.pretrained("xception", size=side, quiet=True)
        pooled = keras.Sequential([base, keras.layers.GlobalAveragePooling2D()])
        transfer.activations(pooled, images[:32], label="")  # traces the network
        started = time.perf_counter()
        features = transfer.activations(pooled, images, label=f"{side} px").astype(np.float32)
        figures[f"{len(images)} photos at {side} px: seconds of the pass"] = time.perf_counter() - started
        right = []
        for seed in range(5):
            train, test = data.split(labels, plan.test_fraction, seed=seed)
            right.append(np.mean(transfer.linear_head(features[train], labels[train]).predict(features[test]) == labels[test]))
        figures[f"{len(images)} photos at {side} px: accuracy %"] = 100 * float(np.mean(right))
        figures[f"{len(images)} photos at {side} px: standard deviation of the splits"] = 100 * float(np.std(right, ddof=1))
    return figures


def training_step(repeats=8) -> dict[str, float]:
    """Milliseconds of a training step of Xception's block 14 on 32 photos of 224 pixels."""
    import keras

    from utils import transfer

    base = keras.applications.Xception(weights=None, include_top=False, input_shape=(224, 224, 3))
    _, upper = transfer.cut(base, "block14_sepconv1")
    model = transfer.top(upper, 5)
    x = np.random.default_rng(0).random((32, *upper.input_shape[1:]), np.float32)
    y = np.eye(5, dtype=np.float32)[np.arange(32) % 5]
    model.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True))
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        model.train_on_batch(x, y)
        times.append(time.perf_counter() - started)
    return {"a training step of block 14, ms": 1000 * float(np.median(times[1:]))}  # the first one traces


def measure() -> dict[str, float]:
    """{name: value} for `make bench`."""
    return training_step() | ladder() | sizes()


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:60s} {value:8.1f}")
