"""How well Lab 09's networks answer for every pixel, by the lab's own recipe, for three seeds."""

import time

SEEDS = (0, 1, 2)
TRAINING, TEST = 901, 903  # seeds of the lab's scenes


def measure() -> dict[str, float]:
    """Flower IoU on 300 drawn scenes, whole and in the boundary band, and the seconds of training, for three seeds."""
    from utils import data
    from utils.lessons.lab09 import recipe
    from utils.vision import losses, unet
    from utils.vision import segmentation as seg

    training, test = recipe.drawn(480, seed=TRAINING), recipe.drawn(300, seed=TEST)
    band = seg.boundary_band(test.classes, width=2)
    encoder = recipe.encoder(data.pretrained("xception", size=99, quiet=True))
    maps, test_maps = (recipe.cached(encoder, each.images) for each in (training, test))

    def scratch(skips):
        return unet.encoder_decoder(recipe.SIZE, len(recipe.CLASSES), *recipe.WIDTHS, skips=skips)

    networks = {
        "without skips": (lambda: scratch(False), training.images, test.images),
        "with skips": (lambda: scratch(True), training.images, test.images),
        "pretrained": (
            lambda: recipe.pretrained_decoder(maps, *recipe.WIDTHS),
            [training.images, *maps],
            [test.images, *test_maps],
        ),
    }
    figures = {}
    for seed in SEEDS:
        for name, (build, inputs, asked) in networks.items():
            started = time.perf_counter()
            model = build()
            recipe.train(model, inputs, training.classes, seed=seed, epochs=recipe.EPOCHS, loss=losses.CrossEntropy())
            figures[f"seed {seed}, {name}: seconds of training"] = time.perf_counter() - started
            one = recipe.score(test.classes, recipe.predict(model, asked), band)
            figures[f"seed {seed}, {name}: flower IoU"] = one.flower
            figures[f"seed {seed}, {name}: flower IoU in the band"] = one.band
            print(seed, name, one, flush=True)
    return figures
